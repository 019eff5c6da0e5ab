// The work of a generation as a job of graphile-worker: one HTTP call to the same stub, and a row that records it.
// Settings: PEER_DATABASE, PEER_STUB, PEER_CONCURRENCY; PEER_BATCHES=true turns its batches on;
// with PEER_PICTURES, a directory, it keeps the pictures as well.
import { mkdir, open, rename } from "node:fs/promises";
import http from "node:http";
import { join } from "node:path";
import { Logger, run } from "graphile-worker";

const stub = new URL(process.env.PEER_STUB);
const concurrency = Number(process.env.PEER_CONCURRENCY);
const pictures = process.env.PEER_PICTURES;
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

// As Darkroom keeps it: written aside, synced, renamed, and the directory synced.
async function keep(job, bytes) {
  const aside = join(pictures, "aside", String(job));
  const directory = join(pictures, String(job % 256));
  await mkdir(directory, { recursive: true });
  const file = await open(aside, "w");
  await file.writeFile(bytes);
  await file.sync();
  await file.close();
  await rename(aside, join(directory, String(job)));
  const entries = await open(directory);
  await entries.sync();
  await entries.close();
}

if (pictures) {
  await mkdir(join(pictures, "aside"), { recursive: true });
}
await run({
  connectionString: process.env.PEER_DATABASE,
  concurrency,
  maxPoolSize: 20,
  pollInterval: 100,
  logger: new Logger(() => () => {}),
  preset: batches
    ? { worker: { localQueue: { size: 4 * concurrency }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } }
    : {},
  taskList: {
    generate: async (payload, helpers) => {
      const bytes = await picture();
      if (pictures) {
        await keep(payload.job, bytes);
      }
      await helpers.query("INSERT INTO peer_results (job, bytes) VALUES ($1, $2)", [payload.job, bytes.length]);
    },
  },
});
console.log("ready");
