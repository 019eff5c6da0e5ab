"""Makes one call of images.generate() with the Python client of OpenAI, and prints the result."""

import os

import openai

timeout = {"timeout": float(os.environ["TIMEOUT"])} if "TIMEOUT" in os.environ else {}
client = openai.OpenAI(api_key=os.environ["KEY"], base_url=os.environ["API"], **timeout)

try:
    images = client.images.generate(model=os.environ["MODEL"], prompt=os.environ["PROMPT"], size="64x64").data
    print("picture" if images else "nothing")
except openai.APIStatusError as error:
    print(f"error {error.status_code}")
except openai.APITimeoutError:
    print("APIConnectionTimeoutError")
except openai.APIError as error:
    print(type(error).__name__)
