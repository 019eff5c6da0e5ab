/** The notification hub: subscriptions, user streams, batched fetches and backpressure. */
package dev.darkroom.notification.stream;
