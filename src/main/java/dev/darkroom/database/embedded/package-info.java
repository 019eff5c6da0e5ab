/** The embedded PostgreSQL server: binaries, data directory, process. */
package dev.darkroom.database.embedded;
