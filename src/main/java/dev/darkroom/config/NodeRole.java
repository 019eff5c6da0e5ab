package dev.darkroom.config;

/** Task of a process, see {@code docs/scaling.md}. A process has one or more. */
public enum NodeRole {
    /** Serves the HTTP API with its streams, and executes commands. */
    API,
    /** Calls AI servers. */
    WORKER,
    /** Sends webhooks, and events to Kafka. */
    NOTIFIER
}
