// The work of a generation as a job of graphile-worker: one HTTP call to the same stub, and a row that records it.
// Settings: PEER_DATABASE, PEER_STUB, PEER_CONCURRENCY; PEER_BATCHES=true turns its batches on.
import http from "node:http";
import { Logger, run } from "graphile-worker";

const stub = new URL(process.env.PEER_STUB);
const concurrency = Number(process.env.PEER_CONCURRENCY);
const batches = process.env.PEER_BATCHES === "true";
const agent = new http.Agent({ keepAlive: true, maxSockets: concurrency });
const body = JSON.stringify({ prompt: "a lighthouse", n: 1, size: "64x64", response_format: "b64_json" });

function picture() {
  return new Promise((resolve, reject) => {
    const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
    const request = http.request(stub, { method: "POST", agent, headers }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const answer = JSON.parse(Buffer.concat(parts).toString());
        resolve(Buffer.from(answer.data[0].b64_json, "base64"));
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

await run({
  connectionString: process.env.PEER_DATABASE,
  concurrency,
  maxPoolSize: concurrency,
  pollInterval: 100,
  logger: new Logger(() => () => {}),
  preset: batches
    ? { worker: { localQueue: { size: 4 * concurrency }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } }
    : {},
  taskList: {
    generate: async (payload, helpers) => {
      const bytes = await picture();
      await helpers.query("INSERT INTO peer_results (job, bytes) VALUES ($1, $2)", [payload.job, bytes.length]);
    },
  },
});
console.log("ready");
