// Runs the Node client of Replicate against the simulator at API. Prints one line per step.
import Replicate from "replicate";

const replicate = new Replicate({ auth: process.env.TOKEN ?? "r8_test", baseUrl: `${process.env.API}/v1`, useFileOutput: false });
const input = { prompt: "a fox", seed: 7, width: 64, height: 64, num_outputs: 2 };
const version = "9dcd6d78e7c6560c340d916fe32e9f24aabfa331e5cce95fe31f77fb03121426";

const output = await replicate.run("acme/painter", { input });
const images = await Promise.all(output.map(async (url) => (await fetch(url)).headers.get("content-type")));
console.log("run", images.join(" "));

const created = await replicate.predictions.create({ version, input });
const ended = await replicate.wait(created, { interval: 50 });
console.log("version", created.status, ended.status, ended.output.length);

await replicate.run("acme/painter", { input }).catch((error) => console.log("failed", error.message));

const running = await replicate.predictions.create({ version, input });
const canceled = await replicate.predictions.cancel(running.id);
console.log("cancel", canceled.status, (await replicate.predictions.get(running.id)).status);

await replicate.predictions.create({ version, input: {} }).catch((error) => console.log("rejected", error.response.status));
