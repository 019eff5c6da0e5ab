// The service that a team would write with NestJS: the Fastify adapter, `pg`, one row per generation, and a worker in each process.
// Environment: PEER_DATABASE is the URL of the database, PEER_CONCURRENCY the concurrent AI calls, 0 for none; see work.mjs.
import "reflect-metadata";
import { Module, ValidationPipe } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { FastifyAdapter, NestFastifyApplication } from "@nestjs/platform-fastify";
import { AddressInfo } from "node:net";
import pg from "pg";
import { connections, runInEachProcess } from "../work.mjs";
import { GenerationController } from "./generation.controller.js";
import { GenerationRepository } from "./generation.repository.js";
import { GenerationWorker } from "./generation.worker.js";

@Module({
  controllers: [GenerationController],
  providers: [
    { provide: pg.Pool, useFactory: () => new pg.Pool({ connectionString: process.env.PEER_DATABASE, max: connections }) },
    GenerationRepository,
    GenerationWorker,
  ],
})
class AppModule {}

await runInEachProcess(async () => {
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), { logger: ["error"] });
  app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true }));
  await app.listen(0, "127.0.0.1");
  return (app.getHttpServer().address() as AddressInfo).port;
});
