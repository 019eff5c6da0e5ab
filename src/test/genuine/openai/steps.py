"""Runs the steps of STEPS with the Python client of OpenAI. Prints one line per step."""

import base64
import json
import os
import urllib.request

import openai

PIXEL = base64.b64decode(os.environ["IMAGE"])


def contents(image):
    return urllib.request.urlopen(image.url).read() if getattr(image, "url", None) else base64.b64decode(image.b64_json)


def generate(client, request):
    return [contents(image) for image in client.images.generate(**request).data]


def edit(client, request):
    return [contents(image) for image in client.images.edit(image=("pier.png", PIXEL, "image/png"), **request).data]


def stream(client, request):
    events = client.images.generate(stream=True, **request)
    return [contents(event) for event in events if event.type == "image_generation.completed"]


def models(client, request):
    return [model.id for model in client.models.list()]


for step in json.loads(os.environ["STEPS"]):
    client = openai.OpenAI(api_key=step["key"], base_url=step["api"], max_retries=step["retries"])
    try:
        results = globals()[step["operation"]](client, step["request"])
        print(step["name"], *[result if isinstance(result, str) else result[1:4].decode() for result in results])
    except openai.APIStatusError as error:
        print(step["name"], error.status_code, error.type, error.code, error.param or "-")
    except openai.APIConnectionError as error:
        print(step["name"], "connection")
    except openai.APIError as error:
        print(step["name"], "event", error.type, error.code, error.param or "-")
