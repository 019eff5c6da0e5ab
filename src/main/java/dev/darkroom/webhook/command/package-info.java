/** Event-bus commands of webhooks: create, update, test, rotate secrets, list deliveries, redeliver. */
package dev.darkroom.webhook.command;
