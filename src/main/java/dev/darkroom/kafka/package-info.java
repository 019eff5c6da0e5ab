/** Notifications as events in Kafka: outbox, lease of the publisher, producer. */
package dev.darkroom.kafka;
