// Calls Darkroom at API with the AI SDK of Vercel. Prints one line per step.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, RetryError, generateImage } from "ai";

const { API, KEY, IMAGE } = process.env;

async function step(name, { apiKey = KEY, model = "simulator", ...changes } = {}) {
  const provider = createOpenAICompatible({ name: "darkroom", baseURL: API, apiKey });
  try {
    const { images } = await generateImage({ model: provider.imageModel(model), prompt: `a pier, ${name}`, size: "64x64", ...changes });
    console.log(name, ...images.map(({ mediaType, uint8Array }) => `${mediaType} ${uint8Array.length > 100}`));
  } catch (error) {
    const last = RetryError.isInstance(error) ? error.lastError : error;
    if (!APICallError.isInstance(last)) throw error;
    console.log(name, last.statusCode ?? "connection", last.data?.error?.code ?? last.message);
  }
}

for (const name of process.env.STEPS.split(" ")) {
  switch (name) {
    case "several":
      await step(name, { n: 2 });
      break;
    case "edit":
      await step(name, { prompt: { text: "a pier at night", images: [Buffer.from(IMAGE, "base64")] } });
      break;
    case "idempotent":
      await step(name, { headers: { "Idempotency-Key": crypto.randomUUID() } });
      break;
    case "key":
      await step(name, { apiKey: "sk-wrong" });
      break;
    case "model":
      await step(name, { model: "unknown" });
      break;
    case "size":
      await step(name, { size: "7x7" });
      break;
    default:
      await step(name);
  }
}
