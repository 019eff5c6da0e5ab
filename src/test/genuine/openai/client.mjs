// Runs the Node client of OpenAI against the simulator at API. Prints one line per step.
import OpenAI from "openai";

const client = new OpenAI({ apiKey: "sk-test", baseURL: process.env.API, maxRetries: 0 });
const request = { model: "simulator", prompt: "a fox", size: "64x64" };

async function generate(name, changes, options) {
  try {
    const { data } = await client.images.generate({ ...request, ...changes }, options);
    const images = await Promise.all(
      data.map(async ({ b64_json, url }) => (url ? Buffer.from(await (await fetch(url)).arrayBuffer()) : Buffer.from(b64_json, "base64"))),
    );
    console.log(name, ...images.map((image) => image.subarray(1, 4).toString()));
  } catch (error) {
    console.log(name, error.constructor.name, ...(error.status ? [error.status, error.code ?? error.type, error.param ?? "-"] : []));
  }
}

await generate("b64_json", { response_format: "b64_json", n: 2 });
await generate("url", { response_format: "url" });
await generate("size", { size: "7x7" });
await generate("moderation", {});
await generate("unauthorized", {});
await generate("quota", {});
await generate("limited", {});
await generate("failed", {});
await generate("unavailable", {});
await generate("dropped", {});
await generate("retried", {}, { maxRetries: 2 });
