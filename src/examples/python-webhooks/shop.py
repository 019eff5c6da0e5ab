"""A shop that sells images. It creates a generation for each order and learns its end by a webhook."""

import asyncio
import os
import sqlite3
import time
import uuid
from contextlib import asynccontextmanager, suppress

import httpx
import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response
from pydantic import BaseModel
from standardwebhooks import Webhook, WebhookVerificationError

API = os.environ.get("API", "http://127.0.0.1:8080")
KEY = os.environ.get("KEY")
PORT = int(os.environ.get("PORT", "9000"))
PUBLIC_URL = os.environ.get("PUBLIC_URL", f"http://127.0.0.1:{PORT}")

MAX_BODY_BYTES = 65_536
RETRY_SECONDS = 5
CHECK_SECONDS = 60

# Orders and received webhooks survive a restart. The primary key of `webhooks` makes a repeated delivery harmless.
# The statements take microseconds, so they run on the event loop.
database = sqlite3.connect(os.environ.get("DATABASE", "shop.db"), isolation_level=None)
database.row_factory = sqlite3.Row
database.executescript(
    """
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, prompt TEXT NOT NULL, status TEXT NOT NULL, generation_id TEXT, error TEXT);
    CREATE TABLE IF NOT EXISTS webhooks (id TEXT PRIMARY KEY, generation_id TEXT NOT NULL, processed INTEGER NOT NULL DEFAULT 0);
    """
)

darkroom = httpx.AsyncClient(base_url=API, headers={"Authorization": f"Bearer {KEY}"} if KEY else {}, timeout=20)
wake = asyncio.Event()
webhook_secret: Webhook


def rows(query):
    return database.execute(query).fetchall()


def update(order_id, status, generation_id=None, error=None):
    # An order that has ended never changes. The webhook of its end may arrive before the response to `create`.
    updated = database.execute(
        """
        UPDATE orders SET status = :status, generation_id = :generation_id, error = :error
        WHERE id = :id AND status <> :status AND status IN ('NEW', 'PENDING')
        """,
        {"id": order_id, "status": status, "generation_id": generation_id, "error": error},
    )
    if updated.rowcount:
        print("order", order_id, status, flush=True)


def store(generation):
    """Stores the state of a generation for its order."""
    order_id = generation.get("metadata", {}).get("order")
    if order_id:
        update(order_id, generation["status"], generation["id"], generation.get("error", {}).get("message"))


async def create(order):
    """Creates the generation of an order. The order id is the idempotency key, so a repeated request creates no second generation."""
    response = await darkroom.post(
        "/api/generation",
        headers={"Idempotency-Key": order["id"]},
        json={
            "prompt": order["prompt"],
            "webhookUrl": f"{PUBLIC_URL}/webhooks/darkroom",
            "metadata": {"order": order["id"]},
        },
    )
    if response.status_code in (400, 409, 413, 422):
        # A repeated request would be rejected too.
        update(order["id"], "FAILED", error=response.json()["detail"])
        return
    response.raise_for_status()
    store(response.json())


async def refresh(row):
    """Reads a generation. A webhook only says that it has ended; this response is the truth."""
    response = await darkroom.get(f"/api/generation/{row['generation_id']}")
    response.raise_for_status()
    store(response.json())


async def process(webhook):
    await refresh(webhook)
    database.execute("UPDATE webhooks SET processed = 1 WHERE id = ?", (webhook["id"],))


async def each(found, action):
    """Finishes the open steps of all rows. A row that fails stays unchanged and is tried again."""
    for row in found:
        try:
            await action(row)
        except Exception as error:  # Such as a response that is not JSON. The worker goes on.
            print("failed, trying again:", repr(error), flush=True)


async def work():
    next_check = 0  # The first check finds the webhooks that the shop missed while it was stopped.
    while True:
        wake.clear()
        await each(rows("SELECT * FROM webhooks WHERE processed = 0"), process)
        await each(rows("SELECT * FROM orders WHERE status = 'NEW'"), create)
        if time.monotonic() >= next_check:
            next_check = time.monotonic() + CHECK_SECONDS
            await each(rows("SELECT * FROM orders WHERE status = 'PENDING'"), refresh)
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(wake.wait(), RETRY_SECONDS)


@asynccontextmanager
async def lifespan(_):
    # The secret that signs deliveries to `webhookUrl`. Without it the shop cannot work, so the program ends when the request fails.
    global webhook_secret
    response = await darkroom.get("/api/webhook-secret")
    response.raise_for_status()
    webhook_secret = Webhook(response.json()["secret"])
    worker = asyncio.create_task(work())
    print(f"listening on {PUBLIC_URL}", flush=True)
    yield
    worker.cancel()


app = FastAPI(lifespan=lifespan)


class OrderRequest(BaseModel):
    prompt: str


@app.post("/webhooks/darkroom", status_code=204)
async def receive(request: Request):
    """Verifies a webhook, stores it and responds. The work begins after the response."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise HTTPException(413)
    try:
        # The signature covers the received bytes, so they are verified before they are parsed.
        event = webhook_secret.verify(body, dict(request.headers))
    except (WebhookVerificationError, ValueError):  # The library throws ValueError for malformed headers and bodies.
        raise HTTPException(401) from None
    if event["type"] == "generation.ended":
        webhook_id = request.headers["webhook-id"]
        inserted = database.execute(
            "INSERT OR IGNORE INTO webhooks (id, generation_id) VALUES (?, ?)", (webhook_id, event["data"]["generationId"])
        )
        print("webhook", webhook_id, "received" if inserted.rowcount else "ignored, it was received before", flush=True)
        wake.set()
    return Response(status_code=204)  # Also for unknown types, which later versions may add.


@app.post("/orders", status_code=202)
async def create_order(request: OrderRequest):
    order_id = str(uuid.uuid4())
    database.execute("INSERT INTO orders (id, prompt, status) VALUES (?, ?, 'NEW')", (order_id, request.prompt))
    wake.set()
    return {"id": order_id, "status": "NEW"}


@app.get("/orders/{order_id}")
async def show_order(order_id: str):
    """Shows an order. Image URLs expire, so they are not stored but requested."""
    order = database.execute("SELECT * FROM orders WHERE id = ?", (order_id,)).fetchone()
    if order is None:
        raise HTTPException(404)
    shown = {"id": order_id, "status": order["status"]}
    if order["status"] == "FAILED":
        shown["error"] = order["error"]
    if order["status"] == "COMPLETE":
        try:
            response = await darkroom.get(f"/api/generation/{order['generation_id']}")
            response.raise_for_status()
        except httpx.HTTPError:
            raise HTTPException(503) from None
        shown["imageUrls"] = response.json()["imageUrls"]
    return shown


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning")
