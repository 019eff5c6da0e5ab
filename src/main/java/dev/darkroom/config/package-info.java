/**
 * Settings: conf/ and environment parsed once into immutable, validated records that redact secrets.
 * Knows nothing else.
 */
package dev.darkroom.config;
