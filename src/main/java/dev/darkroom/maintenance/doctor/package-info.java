/** Read-only consistency checks of tables and image files, and the timeline of a single generation. */
package dev.darkroom.maintenance.doctor;
