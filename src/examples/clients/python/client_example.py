"""Uses the Python client that openapi-generator generates from openapi.yaml."""

import json
import os
import uuid

from darkroom_client import (
    ApiClient,
    ApiException,
    Configuration,
    GenerationRequest,
    GenerationsApi,
    GenerationStatus,
    NotificationsApi,
    WebhookRequest,
    WebhooksApi,
    WebhookUpdate,
)

configuration = Configuration(
    host=os.environ.get("API", "http://127.0.0.1:8080"),
    access_token=os.environ.get("KEY"),
)

with ApiClient(configuration) as client:
    generations = GenerationsApi(client)
    notifications = NotificationsApi(client)
    webhooks = WebhooksApi(client)

    # Create a generation, read it, and cancel it.
    cancelled = generations.create_generation(GenerationRequest(prompt="A boat, cancelled"))
    print("created", cancelled.status.value)
    cancelled = generations.get_generation(cancelled.id)
    print("got", cancelled.status.value)
    generations.cancel_generation(cancelled.id)
    cancelled = generations.get_generation(cancelled.id)
    print("got", cancelled.status.value, cancelled.error.code, cancelled.error.error_class.value)

    # Create a generation. Repeating the request with the same key does not create another one.
    request = GenerationRequest(prompt="A lighthouse at dusk", metadata={"project": "harbour"})
    idempotency_key = str(uuid.uuid4())
    created = generations.create_generation(request, idempotency_key=idempotency_key)
    repeated = generations.create_generation(request, idempotency_key=idempotency_key)
    print("repeated", str(repeated.id == created.id).lower())

    # Wait for its end.
    ended = created
    while ended.status == GenerationStatus.PENDING:
        ended = generations.get_generation(created.id, prefer="wait=10")
    print(
        "got", ended.status.value, "images", len(ended.images), "attempts", len(ended.attempts),
        "project", ended.metadata["project"],
    )

    # Read the list to its last page.
    listed, cursor = 0, None
    while True:
        page = generations.list_generations(limit=1, cursor=cursor)
        listed += len(page.items)
        cursor = page.next_cursor
        if cursor is None:
            break
    print("listed generations", listed)

    # An invalid request is rejected with a problem document that names the fields.
    try:
        generations.create_generation(GenerationRequest(prompt="A boat", model="no-such-model"))
    except ApiException as rejected:
        print("rejected", rejected.status, json.loads(rejected.body)["errors"][0]["pointer"])

    # Read the notifications.
    listed, cursor = 0, None
    while True:
        page = notifications.list_notifications(limit=1, cursor=cursor)
        listed += len(page.items)
        cursor = page.next_cursor
        if cursor is None:
            break
    print("listed notifications", listed)

    # Create a webhook, update it, and delete it.
    webhook = webhooks.create_webhook(WebhookRequest(url=os.environ.get("HOOK", "https://example.com/darkroom")))
    updated = webhooks.update_webhook(webhook.id, WebhookUpdate(description="The shop"))
    print(
        "webhook secret", str(webhook.secret.startswith("whsec_")).lower(),
        "enabled", str(updated.enabled).lower(), "description", updated.description,
    )
    webhooks.delete_webhook(webhook.id)
