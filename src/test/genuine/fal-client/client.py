"""Runs the Python client of fal against the simulator at FAL_QUEUE_RUN_HOST. Prints one line per step."""

import urllib.request

import fal_client
from fal_client.client import FalClientHTTPError

app = "acme/painter/fast"
arguments = {"prompt": "a fox", "seed": 7, "image_size": {"width": 64, "height": 64}, "num_images": 2}
client = fal_client.SyncClient(key="key:secret")

states = set()
result = client.subscribe(app, arguments, on_queue_update=lambda update: states.add(type(update).__name__))
images = [urllib.request.urlopen(image["url"]).headers["content-type"] for image in result["images"]]
print("subscribe", *images, "true" if "Completed" in states else "false")

submitted = client.submit(app, arguments, priority="low")
status = submitted.status()
result = submitted.get()
print("submit", "IN_QUEUE", status.position if isinstance(status, fal_client.Queued) else 0, len(result["images"]), result["seed"])

try:
    client.subscribe(app, arguments)
except FalClientHTTPError as error:
    print("refused", error.status_code, error.response.json()["detail"][0]["type"])

running = client.submit(app, arguments)
running.cancel()
print("cancel", "COMPLETED" if isinstance(running.status(), fal_client.Completed) else "running")

try:
    client.subscribe(app, {"seed": 1})
except FalClientHTTPError as error:
    print("rejected", error.status_code, error.response.json()["detail"][0]["type"])
