/**
 * Keeps tables and disk small: deletes what has been kept for long enough, and says who keeps dead rows alive.
 * Knows the database, the picture store and the settings, and nothing of how work is done.
 */
package dev.darkroom.housekeeping;
