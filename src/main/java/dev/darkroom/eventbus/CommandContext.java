package dev.darkroom.eventbus;

/**
 * A received command.
 *
 * @param command never null
 * @param requestId id of the HTTP request or message that caused the command, for the log; null when absent
 */
public record CommandContext<C>(C command, String requestId) {}
