import { Inject, Injectable } from "@nestjs/common";
import pg from "pg";
import { CreateGenerationDto } from "./create-generation.dto.js";

export interface Generation {
  id: string;
  status: "PENDING" | "RUNNING" | "COMPLETE" | "FAILED";
  prompt: string;
  negative_prompt: string | null;
  width: number;
  height: number;
  image_count: number;
  seed: string | null;
  model: string | null;
  metadata: Record<string, string> | null;
  attempts: number;
  error: string | null;
  image: string | null;
  created_at: Date;
  completed_at: Date | null;
}

/** The statements. They are named, so that the driver prepares each once per connection. */
@Injectable()
export class GenerationRepository {
  constructor(@Inject(pg.Pool) private readonly pool: pg.Pool) {}

  async insert(userId: string, dto: CreateGenerationDto): Promise<Generation> {
    const result = await this.pool.query({
      name: "insert",
      text: `INSERT INTO nest_generations
          (user_id, prompt, negative_prompt, width, height, image_count, seed, model, metadata)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING *`,
      values: [userId, dto.prompt, dto.negativePrompt, dto.width, dto.height, dto.count, dto.seed, dto.model, dto.metadata],
    });
    return result.rows[0];
  }

  async find(userId: string, id: string): Promise<Generation | undefined> {
    const result = await this.pool.query({
      name: "find",
      text: "SELECT * FROM nest_generations WHERE id = $1 AND user_id = $2",
      values: [id, userId],
    });
    return result.rows[0];
  }

  /** Starts an attempt of up to `limit` waiting generations, the oldest first, each in one process only. */
  async claim(limit: number): Promise<string[]> {
    const result = await this.pool.query({
      name: "claim",
      text: `UPDATE nest_generations SET status = 'RUNNING', attempts = attempts + 1, attempt_started_at = clock_timestamp()
        WHERE id IN (SELECT id FROM nest_generations WHERE status = 'PENDING' ORDER BY created_at LIMIT $1
          FOR UPDATE SKIP LOCKED)
        RETURNING id`,
      values: [limit],
    });
    return result.rows.map((row) => row.id);
  }

  async complete(id: string, image: string, bytes: number): Promise<void> {
    await this.pool.query({
      name: "complete",
      text: `UPDATE nest_generations SET status = 'COMPLETE', image = $2, image_bytes = $3, completed_at = clock_timestamp()
        WHERE id = $1 AND status = 'RUNNING'`,
      values: [id, image, bytes],
    });
  }

  /** Ends a failed attempt. The generation waits again until it had three. */
  async fail(id: string, error: string): Promise<void> {
    await this.pool.query(
      `UPDATE nest_generations SET status = CASE WHEN attempts < 3 THEN 'PENDING' ELSE 'FAILED' END, error = $2
        WHERE id = $1 AND status = 'RUNNING'`,
      [id, error],
    );
  }

  /** Makes generations of a killed process wait again. */
  async releaseAbandoned(): Promise<void> {
    await this.pool.query(
      `UPDATE nest_generations SET status = 'PENDING'
        WHERE status = 'RUNNING' AND attempt_started_at < now() - interval '5 minutes'`,
    );
  }
}
