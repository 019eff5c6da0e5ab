"""A node for ComfyUiGenuineIT, without weights. Copy this file to custom_nodes of ComfyUI: docs/testing.md."""

import time

import comfy.model_management
import comfy.utils


class DarkroomTestSteps:
    """Counts steps like a sampler, with progress, and returns its images unchanged. Stops when the job is interrupted."""

    CATEGORY = "darkroom"
    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "execute"

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "images": ("IMAGE",),
                "prompt": ("STRING", {"multiline": True}),
                "seed": ("INT", {"min": 0, "max": 2**63 - 1}),
                "steps": ("INT", {"min": 1, "max": 100_000}),
            }
        }

    def execute(self, images, prompt, seed, steps):
        # "fail: text" in the prompt raises an exception with the text, "fail memory: text" one that says that the memory is exhausted.
        command, _, text = prompt.partition(": ")
        if command == "fail":
            raise RuntimeError(text)
        if command == "fail memory":
            raise comfy.model_management.OOM_EXCEPTION(text)
        progress = comfy.utils.ProgressBar(steps)
        for _ in range(steps):
            time.sleep(0.1)
            comfy.model_management.throw_exception_if_processing_interrupted()
            progress.update(1)
        return (images,)


NODE_CLASS_MAPPINGS = {"DarkroomTestSteps": DarkroomTestSteps}
