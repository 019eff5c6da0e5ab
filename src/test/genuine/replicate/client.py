"""Runs the Python client of Replicate against the simulator at API. Prints one line per step."""

import os
import urllib.request

import replicate
from replicate.exceptions import ModelError, ReplicateError

client = replicate.Client(api_token=os.environ.get("TOKEN", "r8_test"), base_url=os.environ["API"])
inputs = {"prompt": "a fox", "seed": 7, "width": 64, "height": 64, "num_outputs": 2}
version = "9dcd6d78e7c6560c340d916fe32e9f24aabfa331e5cce95fe31f77fb03121426"

output = client.run("acme/painter", input=inputs, use_file_output=False)
images = [urllib.request.urlopen(url).headers["content-type"] for url in output]
print("run", *images)

created = client.predictions.create(version=version, input=inputs)
status = created.status
created.wait()
print("version", status, created.status, len(created.output))

try:
    client.run("acme/painter", input=inputs, use_file_output=False)
except ModelError as error:
    print("failed", f"Prediction failed: {error}")

running = client.predictions.create(version=version, input=inputs)
canceled = client.predictions.cancel(running.id)
print("cancel", canceled.status, client.predictions.get(running.id).status)

try:
    client.predictions.create(version=version, input={})
except ReplicateError as error:
    print("rejected", error.status)
