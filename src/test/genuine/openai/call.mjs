// Makes one call of images.generate() with the Node client of OpenAI, and prints the result.
import OpenAI from "openai";

const { API, KEY, MODEL, PROMPT, TIMEOUT } = process.env;
const client = new OpenAI({ apiKey: KEY, baseURL: API, ...(TIMEOUT && { timeout: Number(TIMEOUT) * 1000 }) });

try {
  const { data } = await client.images.generate({ model: MODEL, prompt: PROMPT, size: "64x64" });
  console.log(data?.length ? "picture" : "nothing");
} catch (error) {
  console.log(error.status ? `error ${error.status}` : error.constructor.name);
}
