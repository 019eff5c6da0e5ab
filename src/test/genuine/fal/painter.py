"""An app of fal that paints images of one color. Its prompts choose failures."""

import base64
import io
import time

import fal
from fal.exceptions import FieldException
from pydantic import BaseModel, Field


class Input(BaseModel):
    prompt: str = Field(description="Text")
    width: int = Field(default=64, ge=16, le=1024)
    height: int = Field(default=64, ge=16, le=1024)
    num_images: int = Field(default=1, ge=1, le=4)
    seed: int = 0


class Output(BaseModel):
    images: list[dict]
    seed: int
    has_nsfw_concepts: list[bool]


class Painter(fal.App):
    machine_type = "XS"

    @fal.endpoint("/")
    def paint(self, input: Input) -> Output:
        from PIL import Image

        if input.prompt == "GPU":
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        if input.prompt == "bug":
            raise ValueError("secret path /srv/models")
        if input.prompt == "refused":
            raise FieldException(
                field="prompt",
                message="The content could not be processed because it was flagged",
                type="content_policy_violation",
                status_code=422,
            )
        if input.prompt == "sleep":
            time.sleep(600)
        images = []
        for position in range(input.num_images):
            color = (10, 80, (input.seed + position) % 256)
            png = io.BytesIO()
            Image.new("RGB", (input.width, input.height), color).save(png, "PNG")
            url = "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()
            images.append({"url": url, "width": input.width, "height": input.height, "content_type": "image/png"})
        return Output(
            images=images,
            seed=input.seed,
            has_nsfw_concepts=[input.prompt == "flagged"] * input.num_images,
        )
