/** Retention, user erasure, installation identity, image store health and the vacuum blocker monitor. */
package dev.darkroom.maintenance;
