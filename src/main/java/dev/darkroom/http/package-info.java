/** The outbound HTTP client: deadlines, abort, byte budgets and one connection per exchange. */
package dev.darkroom.http;
