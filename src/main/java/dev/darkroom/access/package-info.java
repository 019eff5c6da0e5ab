/**
 * Who is calling: API keys, tokens of an issuer elsewhere, and what their callers may do. Knows the database and the settings,
 * and has never heard of HTTP but for the header that credentials come in.
 */
package dev.darkroom.access;
