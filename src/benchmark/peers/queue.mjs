// Parts that the job queues on Node share: the statements of a generation, and the HTTP endpoint that accepts one.
import http from "node:http";

const COLUMNS = "user_id, prompt, negative_prompt, width, height, image_count, seed, model, metadata";

/** Inserts a generation; the parameters are those of {@link rowOf}. */
export const INSERT = `INSERT INTO peer_generations (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`;

/** Records the attempt and the outcome: id, start of the attempt, image, bytes. */
export const COMPLETE = `
  UPDATE peer_generations SET status = 'COMPLETE', attempts = attempts + 1, attempt_started_at = $2, image = $3,
    image_bytes = $4, completed_at = clock_timestamp()
  WHERE id = $1`;

/** Accepts generations over HTTP: calls `accept` with the parameters of INSERT, which returns the id. Returns the port. */
export function listen(accept) {
  const server = http.createServer(async (request, response) => {
    try {
      const parts = [];
      for await (const part of request) {
        parts.push(part);
      }
      const id = await accept(rowOf(JSON.parse(Buffer.concat(parts).toString())));
      const body = JSON.stringify({ id, status: "PENDING" });
      response.writeHead(202, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) });
      response.end(body);
    } catch (error) {
      console.error(error);
      response.writeHead(500, { "Content-Length": 0 }).end();
    }
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
}

function rowOf(json) {
  return [
    "local", json.prompt, json.negativePrompt, json.width, json.height, json.count, json.seed, json.model, json.metadata,
  ];
}
