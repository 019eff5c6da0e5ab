/**
 * What users are told, delivered to servers of theirs: endpoints, deliveries, signatures, the schedule, and the sender, which claims work
 * as generations do. Knows notifications by what is told of one that was recorded; nobody but the root knows it.
 */
package dev.darkroom.webhook;
