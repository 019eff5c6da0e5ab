/** Commands: create, update, test and redeliver webhooks. */
package dev.darkroom.webhook.command;
