/**
 * Commands over the event bus: their headers, how they are dispatched, and what they are answered with. Knows the database only by
 * its errors, and no feature.
 */
package dev.darkroom.command;
