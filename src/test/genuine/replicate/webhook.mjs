// Runs the Node client of Replicate against the service at API: the webhook of a prediction. Prints one line.
import { once } from "node:events";
import { createServer } from "node:http";
import Replicate, { validateWebhook } from "replicate";

const replicate = new Replicate({ auth: process.env.TOKEN ?? "r8_test", baseUrl: `${process.env.API}/v1` });
const receiver = createServer();
receiver.listen(0, "127.0.0.1");
await once(receiver, "listening");
const received = new Promise((resolve) => {
  receiver.on("request", async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    response.end();
    resolve({ headers: request.headers, body: Buffer.concat(parts).toString() });
  });
});

const input = { prompt: "a fox", width: 64, height: 64 };
const webhook = `http://127.0.0.1:${receiver.address().port}/`;
const prediction = await replicate.predictions.create({
  model: "acme/painter", input, webhook, webhook_events_filter: ["completed"],
});
const request = await received;
const { key } = await replicate.webhooks.default.secret.get();
const sent = JSON.parse(request.body);
console.log("webhook", await validateWebhook(request, key), sent.id === prediction.id, sent.status, sent.output.length);
receiver.close();
