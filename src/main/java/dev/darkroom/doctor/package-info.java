/**
 * Looks at the tables and pictures and says what does not fit, and tells the story of one generation. Changes nothing.
 * Knows the database and the settings; nobody but the command line and the tests know it.
 */
package dev.darkroom.doctor;
