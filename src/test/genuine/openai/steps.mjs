// Runs the steps of STEPS with the Node client of OpenAI. Prints one line per step.
import OpenAI, { toFile } from "openai";

const PIXEL = Buffer.from(process.env.IMAGE, "base64");

async function bytes({ b64_json, url }) {
  return url ? Buffer.from(await (await fetch(url)).arrayBuffer()) : Buffer.from(b64_json, "base64");
}

const operations = {
  async generate({ images }, request) {
    return Promise.all((await images.generate(request)).data.map(bytes));
  },
  async edit({ images }, request) {
    return Promise.all((await images.edit({ ...request, image: await toFile(PIXEL, "pier.png", { type: "image/png" }) })).data.map(bytes));
  },
  async stream({ images }, request) {
    const completed = [];
    for await (const event of await images.generate({ ...request, stream: true })) {
      if (event.type === "image_generation.completed") completed.push(await bytes(event));
    }
    return completed;
  },
  async models({ models }) {
    const names = [];
    for await (const { id } of models.list()) names.push(id);
    return names;
  },
};

for (const { name, api, key, operation, request, retries } of JSON.parse(process.env.STEPS)) {
  const client = new OpenAI({ apiKey: key, baseURL: api, maxRetries: retries });
  try {
    const results = await operations[operation](client, request);
    console.log(name, ...results.map((result) => (typeof result === "string" ? result : result.subarray(1, 4).toString())));
  } catch (error) {
    if (!(error instanceof OpenAI.APIError)) throw error;
    console.log(name, ...(error.status ? [error.status, error.type, error.code, error.param ?? "-"] : ["connection"]));
  }
}
