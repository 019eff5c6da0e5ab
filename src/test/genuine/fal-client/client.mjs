// Runs the Node client of fal against the simulator at API, in place of queue.fal.run. Prints one line per step.
import { createFalClient } from "@fal-ai/client";

const fal = createFalClient({
  credentials: "key:secret",
  fetch: (url, options) => fetch(String(url).replace("https://queue.fal.run", `${process.env.API}/fal`), options),
});
const app = "acme/painter/fast";
const input = { prompt: "a fox", seed: 7, image_size: { width: 64, height: 64 }, num_images: 2 };

const states = new Set();
const result = await fal.subscribe(app, { input, pollInterval: 20, onQueueUpdate: (update) => states.add(update.status) });
const images = await Promise.all(
  result.data.images.map(async ({ url }) => (await fetch(url)).headers.get("content-type")),
);
console.log("subscribe", images.join(" "), states.has("COMPLETED"));

const submitted = await fal.queue.submit(app, { input, priority: "low" });
await fal.queue.subscribeToStatus(app, { requestId: submitted.request_id, pollInterval: 20 });
const { data } = await fal.queue.result(app, { requestId: submitted.request_id });
console.log("submit", submitted.status, submitted.queue_position, data.images.length, data.seed);

await fal
  .subscribe(app, { input, pollInterval: 20 })
  .catch((error) => console.log("refused", error.status, error.body.detail[0].type));

const running = await fal.queue.submit(app, { input });
await fal.queue.cancel(app, { requestId: running.request_id });
const canceled = await fal.queue.status(app, { requestId: running.request_id });
console.log("cancel", canceled.status);

await fal
  .subscribe(app, { input: { seed: 1 }, pollInterval: 20 })
  .catch((error) => console.log("rejected", error.status, error.body.detail[0].type));
