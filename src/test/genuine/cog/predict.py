"""A predictor without weights for CogGenuineIT. The prompt selects its behavior."""

import os
import struct
import tempfile
import time
import zlib
from pathlib import Path as File
from typing import List

from cog import BasePredictor, Input, Path


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, seed):
    row = b"\0" + bytes((seed * 7 + x * 3 + c * 40) % 256 for x in range(width) for c in range(3))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(row * height))
        + chunk(b"IEND", b"")
    )


class Predictor(BasePredictor):
    def predict(
        self,
        prompt: str = Input(description="'sleep 5' and 'gate' wait first, 'fail text' raises an exception"),
        negative_prompt: str = Input(default=""),
        seed: int = Input(default=0),
        width: int = Input(default=64, ge=8, le=1024),
        height: int = Input(default=64, ge=8, le=1024),
        num_outputs: int = Input(default=1, ge=1, le=4),
    ) -> List[Path]:
        with open(os.environ["PREDICTION_LOG"], "a") as log:
            log.write(prompt + "\n")
        command, _, argument = prompt.partition(" ")
        # Waits in short steps: a cancellation takes effect between two Python instructions.
        if command == "sleep":
            end = time.monotonic() + float(argument)
            while time.monotonic() < end:
                time.sleep(0.02)
        if command == "gate":
            while not os.path.exists(os.environ["PREDICTION_LOG"] + ".gate"):
                time.sleep(0.02)
        if command == "fail":
            raise Exception(argument)
        directory = File(tempfile.mkdtemp())
        images = []
        for position in range(num_outputs):
            image = directory / f"{position}.png"
            image.write_bytes(png(width, height, seed + position))
            images.append(Path(image))
        return images
