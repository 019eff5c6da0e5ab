/** Copies images between image stores of one database, also while processes run. */
package dev.darkroom.maintenance.copy;
