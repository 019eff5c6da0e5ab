/** HTTP handlers of the webhook operations. */
package dev.darkroom.api.webhook;
