import { Body, Controller, Get, Headers, HttpCode, NotFoundException, Param, ParseUUIDPipe, Post } from "@nestjs/common";
import { CreateGenerationDto } from "./create-generation.dto.js";
import { Generation, GenerationRepository } from "./generation.repository.js";

@Controller("api/generation")
export class GenerationController {
  constructor(private readonly generations: GenerationRepository) {}

  @Post()
  @HttpCode(202)
  async create(@Body() dto: CreateGenerationDto, @Headers("x-user") user = "local") {
    return represent(await this.generations.insert(user, dto));
  }

  @Get(":id")
  async find(@Param("id", ParseUUIDPipe) id: string, @Headers("x-user") user = "local") {
    const generation = await this.generations.find(user, id);
    if (!generation) {
      throw new NotFoundException();
    }
    return represent(generation);
  }
}

function represent(generation: Generation) {
  return {
    id: generation.id,
    status: generation.status,
    prompt: generation.prompt,
    negativePrompt: generation.negative_prompt,
    width: generation.width,
    height: generation.height,
    count: generation.image_count,
    seed: Number(generation.seed),
    model: generation.model,
    metadata: generation.metadata,
    attempts: generation.attempts,
    error: generation.error,
    image: generation.image && `/api/generation/${generation.id}/image`,
    createdAt: generation.created_at,
    completedAt: generation.completed_at,
  };
}
