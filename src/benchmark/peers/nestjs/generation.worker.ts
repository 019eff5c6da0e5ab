import { Injectable, OnApplicationBootstrap } from "@nestjs/common";
import { setTimeout as sleep } from "node:timers/promises";
import { concurrency, generateImage } from "../work.mjs";
import { GenerationRepository } from "./generation.repository.js";

const IDLE_MS = 100;
const ABANDONED_CHECK_MS = 60_000;

/** Claims as many generations as have ended, up to the concurrency of this process. */
@Injectable()
export class GenerationWorker implements OnApplicationBootstrap {
  private running = 0;
  private ended = () => {};

  constructor(private readonly generations: GenerationRepository) {}

  onApplicationBootstrap(): void {
    if (concurrency > 0) {
      void this.claimInLoop();
      setInterval(() => this.generations.releaseAbandoned().catch(console.error), ABANDONED_CHECK_MS).unref();
    }
  }

  private async claimInLoop(): Promise<void> {
    while (true) {
      if (this.running === concurrency) {
        await new Promise<void>((resolve) => (this.ended = resolve));
      }
      try {
        const ids = await this.generations.claim(concurrency - this.running);
        for (const id of ids) {
          void this.run(id);
        }
        if (ids.length === 0) {
          await sleep(IDLE_MS);
        }
      } catch (error) {
        console.error(error);
        await sleep(IDLE_MS);
      }
    }
  }

  private async run(id: string): Promise<void> {
    this.running++;
    try {
      const { image, bytes } = await generateImage(id);
      await this.generations.complete(id, image, bytes);
    } catch (error) {
      await this.generations.fail(id, String(error)).catch(console.error);
    } finally {
      this.running--;
      this.ended();
    }
  }
}
