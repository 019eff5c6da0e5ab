/** HTTP and WebSocket handlers of the notification operations. */
package dev.darkroom.api.notification;
