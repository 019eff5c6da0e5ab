/** Webhook deliveries: enqueueing, payloads, signing, sending, retry schedule and retention. */
package dev.darkroom.webhook;
