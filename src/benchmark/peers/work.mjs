// The work of a generation, the same for all peers on Node: one HTTP call to the stub AI server, and a durable image file.
// Environment: PEER_STUB is the URL of the call, PEER_CONCURRENCY the number of concurrent calls of the service, PEER_IMAGES the
// directory of the images.
import { mkdir, open, rename } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import cluster from "node:cluster";
import { Pool } from "undici";

/** Processes of a service. One process of Node uses one core, so each service runs one process per core. */
export const processes = availableParallelism();

/** Concurrent calls of each of these processes. */
export const concurrency = Math.ceil(Number(process.env.PEER_CONCURRENCY) / processes);

/** Database connections of each of these processes: 20 of the service. */
export const connections = Math.ceil(20 / processes);

const stub = new URL(process.env.PEER_STUB ?? "http://127.0.0.1");
const imageDirectory = process.env.PEER_IMAGES;
const aiServer = new Pool(stub.origin, { connections: Math.max(1, concurrency) });
const body = JSON.stringify({ prompt: "a lighthouse", n: 1, size: "64x64", response_format: "b64_json" });

/** Runs a function in one process per core. Prints "ready" when all have finished it. */
export async function runInEachProcess(main) {
  if (cluster.isPrimary) {
    let running = 0;
    cluster.on("message", (worker, port) => {
      running++;
      if (running === 1) {
        console.log(`port ${port}`);
      }
      if (running === processes) {
        console.log("ready");
      }
    });
    cluster.on("exit", () => process.exit(1));
    for (let i = 0; i < processes; i++) {
      cluster.fork();
    }
  } else {
    process.send(await main());
  }
}

/** Calls the AI server and stores the image. Returns its path and its size in bytes. */
export async function generateImage(id) {
  const response = await aiServer.request({
    path: stub.pathname,
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  const parsed = await response.body.json();
  if (response.statusCode !== 200) {
    throw new Error(`the AI server responded with ${response.statusCode}`);
  }
  const bytes = Buffer.from(parsed.data[0].b64_json, "base64");
  return { image: await storeImage(id, bytes), bytes: bytes.length };
}

// Stores an image like Darkroom: writes a temporary file, syncs and renames it, and syncs the directory.
async function storeImage(id, bytes) {
  const temporary = join(imageDirectory, "temporary", id);
  const directory = join(imageDirectory, id.slice(-2));
  await mkdir(directory, { recursive: true });
  const file = await open(temporary, "w");
  await file.writeFile(bytes);
  await file.sync();
  await file.close();
  const path = join(directory, id);
  await rename(temporary, path);
  const entries = await open(directory);
  await entries.sync();
  await entries.close();
  return path;
}

if (imageDirectory) {
  await mkdir(join(imageDirectory, "temporary"), { recursive: true });
}
