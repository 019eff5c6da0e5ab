"""Runs the Python client of OpenAI against the simulator at API. Prints one line per step."""

import base64
import os
import urllib.request

import openai

client = openai.OpenAI(api_key="sk-test", base_url=os.environ["API"], max_retries=0)


def generate(name, retries=0, **changes):
    try:
        request = {"model": "simulator", "prompt": "a fox", "size": "64x64", **changes}
        images = client.with_options(max_retries=retries).images.generate(**request).data
        files = [urllib.request.urlopen(i.url).read() if i.url else base64.b64decode(i.b64_json) for i in images]
        print(name, *[file[1:4].decode() for file in files])
    except openai.APIStatusError as error:
        print(name, type(error).__name__, error.status_code, error.code or error.type, error.param or "-")
    except openai.APIError as error:
        print(name, type(error).__name__)


generate("b64_json", response_format="b64_json", n=2)
generate("url", response_format="url")
generate("size", size="7x7")
generate("moderation")
generate("unauthorized")
generate("quota")
generate("limited")
generate("failed")
generate("unavailable")
generate("dropped")
generate("retried", retries=2)
