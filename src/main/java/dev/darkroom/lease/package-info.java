/**
 * How work that stands in a table is shared out: claimed, leased, fenced, recorded, taken back. What the work is, its tables know and
 * whoever implements {@link dev.darkroom.lease.Work}; nothing here has heard of a generation or a webhook.
 */
package dev.darkroom.lease;
