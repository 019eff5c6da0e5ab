/**
 * Tells users: the record of notifications, written with the ends of generations; the hub of those who listen; inbox and
 * acknowledgement. Hears of ends through what {@code generation} calls, and knows nothing of HTTP.
 */
package dev.darkroom.notification;
