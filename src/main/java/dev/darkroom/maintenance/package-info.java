/** Retention, erasure of users, installation records and the vacuum blocker monitor. */
package dev.darkroom.maintenance;
