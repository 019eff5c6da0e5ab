// Does the work of a generation as a job of graphile-worker: one HTTP call to the stub AI server, and a row with the result.
// Environment: PEER_DATABASE, PEER_STUB, PEER_CONCURRENCY; PEER_BATCHES=true enables its batches;
// PEER_IMAGES, optional, is a directory for the images.
import { mkdir, open, rename } from "node:fs/promises";
import http from "node:http";
import { join } from "node:path";
import { Logger, run } from "graphile-worker";

const stub = new URL(process.env.PEER_STUB);
const concurrency = Number(process.env.PEER_CONCURRENCY);
const imageDirectory = process.env.PEER_IMAGES;
const batches = process.env.PEER_BATCHES === "true";
const agent = new http.Agent({ keepAlive: true, maxSockets: concurrency });
const body = JSON.stringify({ prompt: "a lighthouse", n: 1, size: "64x64", response_format: "b64_json" });

function requestImage() {
  return new Promise((resolve, reject) => {
    const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
    const request = http.request(stub, { method: "POST", agent, headers }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const parsed = JSON.parse(Buffer.concat(parts).toString());
        resolve(Buffer.from(parsed.data[0].b64_json, "base64"));
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

// Stores an image like Darkroom: writes a temporary file, syncs and renames it, and syncs the directory.
async function storeImage(job, bytes) {
  const temporary = join(imageDirectory, "temporary", String(job));
  const directory = join(imageDirectory, String(job % 256));
  await mkdir(directory, { recursive: true });
  const file = await open(temporary, "w");
  await file.writeFile(bytes);
  await file.sync();
  await file.close();
  await rename(temporary, join(directory, String(job)));
  const entries = await open(directory);
  await entries.sync();
  await entries.close();
}

if (imageDirectory) {
  await mkdir(join(imageDirectory, "temporary"), { recursive: true });
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
      const bytes = await requestImage();
      if (imageDirectory) {
        await storeImage(payload.job, bytes);
      }
      await helpers.query("INSERT INTO peer_results (job, bytes) VALUES ($1, $2)", [payload.job, bytes.length]);
    },
  },
});
console.log("ready");
