/**
 * Connections that others open to this process: how many there may be, and how many bytes may wait in them because their peers do not
 * read. Counts next to the socket, so that every protocol is covered.
 */
package dev.darkroom.inbound;
