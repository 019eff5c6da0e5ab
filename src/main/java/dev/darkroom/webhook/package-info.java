/** Webhook deliveries: payloads, signing, retry schedule, sender and retention. */
package dev.darkroom.webhook;
