/**
 * What every protocol spoken over HTTP shares: calls that really end when their budget is used up, answers of limited
 * size, downloads, waiting times, and taking secrets out of what an AI server said. No protocol's words live here.
 */
package dev.darkroom.backend.http;
