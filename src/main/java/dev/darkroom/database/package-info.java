/**
 * PostgreSQL: the pools, the embedded server, the migrations, what an error of the driver means.
 * Knows no table.
 */
package dev.darkroom.database;
