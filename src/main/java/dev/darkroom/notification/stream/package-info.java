/** The notification hub: subscriptions, user streams, batches and backpressure. */
package dev.darkroom.notification.stream;
