/**
 * This process among its like: its row, its heartbeat, its readiness and draining.
 * Knows the database and nothing of what the process works on.
 */
package dev.darkroom.node;
