/**
 * HTTP parts shared by every backend protocol: calls with deadlines, memory budgets, downloads, error classification.
 */
package dev.darkroom.backend.http;
