// Runs generations as jobs of pg-boss. PEER_DATABASE is the URL of the database; PEER_BATCHES=true completes jobs in batches.
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { PgBoss } from "pg-boss";
import { COMPLETE, INSERT, listen } from "./queue.mjs";
import { concurrency, connections, generateImage, runInEachProcess } from "./work.mjs";

const QUEUE = "generate";
const IDLE_MS = 100;
const BATCH = 10;
const batches = process.env.PEER_BATCHES === "true";
const pool = new pg.Pool({ connectionString: process.env.PEER_DATABASE, max: connections });
const boss = new PgBoss({ connectionString: process.env.PEER_DATABASE });

async function inTransaction(work) {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const result = await work(client, { db: { executeSql: (text, values) => client.query(text, values) } });
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  } finally {
    client.release();
  }
}

/** Completes the job in the transaction that records the outcome. */
async function run(job) {
  try {
    const startedAt = new Date();
    const { image, bytes } = await generateImage(job.data.id);
    await inTransaction(async (client, transaction) => {
      await client.query({ name: "complete", text: COMPLETE, values: [job.data.id, startedAt, image, bytes] });
      await boss.complete(QUEUE, job.id, null, transaction);
    });
  } catch (error) {
    await boss.fail(QUEUE, job.id, { message: error.message });
  }
}

// Fetches as many jobs as have ended, without the pauses of work(), which polls at most twice a second.
async function fetchInLoop() {
  let running = 0;
  let ended = () => {};
  while (true) {
    if (running === concurrency) {
      await new Promise((resolve) => (ended = resolve));
    }
    const jobs = await boss.fetch(QUEUE, { batchSize: concurrency - running });
    for (const job of jobs) {
      running++;
      run(job).finally(() => {
        running--;
        ended();
      });
    }
    if (jobs.length === 0) {
      await sleep(IDLE_MS);
    }
  }
}

/** Records the outcomes of a batch in one statement; pg-boss completes its jobs in another. */
async function runBatch(jobs) {
  const startedAt = new Date();
  const images = await Promise.all(jobs.map((job) => generateImage(job.data.id)));
  await pool.query({
    name: "complete-batch",
    text: `
      UPDATE peer_generations g SET status = 'COMPLETE', attempts = attempts + 1, attempt_started_at = $2, image = i.image,
        image_bytes = i.bytes, completed_at = clock_timestamp()
      FROM unnest($1::uuid[], $3::text[], $4::int[]) i (id, image, bytes) WHERE g.id = i.id`,
    values: [jobs.map((job) => job.data.id), startedAt, images.map((each) => each.image), images.map((each) => each.bytes)],
  });
}

await runInEachProcess(async () => {
  boss.on("error", console.error);
  await boss.start();
  await boss.createQueue(QUEUE);
  if (batches) {
    const options = {
      batchSize: BATCH, localConcurrency: concurrency / BATCH, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5,
    };
    await boss.work(QUEUE, options, runBatch);
  } else {
    fetchInLoop().catch((error) => {
      console.error(error);
      process.exit(1);
    });
  }
  return listen((row) =>
    inTransaction(async (client, transaction) => {
      const id = (await client.query({ name: "accept", text: INSERT, values: row })).rows[0].id;
      await boss.send(QUEUE, { id }, transaction);
      return id;
    }),
  );
});
