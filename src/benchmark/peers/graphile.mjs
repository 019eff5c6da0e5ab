// Runs generations as jobs of graphile-worker. PEER_DATABASE is the URL of the database; PEER_BATCHES=true enables its batches.
import { Logger, run } from "graphile-worker";
import pg from "pg";
import { COMPLETE, INSERT, listen } from "./queue.mjs";
import { concurrency, connections, generateImage, runInEachProcess } from "./work.mjs";

const pgPool = new pg.Pool({ connectionString: process.env.PEER_DATABASE, max: connections });
const batches = process.env.PEER_BATCHES === "true";

// One statement and one transaction stores the generation and its job.
const ACCEPT = `
  WITH accepted AS (${INSERT})
  SELECT id, graphile_worker.add_job('generate', json_build_object('id', id)) FROM accepted`;

async function generate({ id }, helpers) {
  const startedAt = new Date();
  const { image, bytes } = await generateImage(id);
  await helpers.query({ name: "complete", text: COMPLETE, values: [id, startedAt, image, bytes] });
}

await runInEachProcess(async () => {
  await run({
    pgPool,
    concurrency,
    logger: new Logger(() => () => {}),
    preset: batches
      ? { worker: { localQueue: { size: 4 * concurrency }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } }
      : {},
    taskList: { generate },
  });
  return listen(async (row) => (await pgPool.query({ name: "accept", text: ACCEPT, values: row })).rows[0].id);
});
