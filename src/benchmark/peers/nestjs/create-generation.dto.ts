import { IsInt, IsObject, IsOptional, IsString, Max, MaxLength, Min, MinLength } from "class-validator";

/** The request body, with the limits of Darkroom. */
export class CreateGenerationDto {
  @IsString() @MinLength(1) @MaxLength(4000) prompt!: string;
  @IsOptional() @IsString() @MaxLength(4000) negativePrompt?: string;
  @IsInt() @Min(64) @Max(2048) width = 1024;
  @IsInt() @Min(64) @Max(2048) height = 1024;
  @IsInt() @Min(1) @Max(4) count = 1;
  @IsOptional() @IsInt() @Min(0) seed?: number;
  @IsOptional() @IsString() @MaxLength(200) model?: string;
  @IsOptional() @IsObject() metadata?: Record<string, string>;
}
