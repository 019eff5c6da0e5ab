package dev.darkroom.backend;

/**
 * Progress of a job, as reported by the AI server. Immutable.
 *
 * @param percent 0 to 100; null when unknown
 * @param queuePosition number of jobs ahead at the AI server; null when unknown or when the job is running
 */
public record JobProgress(Integer percent, Integer queuePosition) {}
