/** Read-only consistency checks of tables and image files, and the timeline of one generation. */
package dev.darkroom.maintenance.doctor;
