/** Leased job queue shared by generations and webhook deliveries: claim, lease, fencing token, outcome, reaper. */
package dev.darkroom.queue;
