package dev.darkroom.kafka;

/**
 * Event that the broker has not confirmed.
 *
 * @param id of its row
 * @param userId recipient of the notification, the key of the record
 * @param event CloudEvent in JSON
 */
record OutboxEvent(long id, String userId, String event) {}
