package dev.darkroom.eventbus;

import dev.darkroom.telemetry.TraceSpan;

/**
 * A received command.
 *
 * @param command never null
 * @param requestId id of the HTTP request or message that caused the command, for the log; null when absent
 * @param span of the command; {@link TraceSpan#NONE} without tracing
 */
public record CommandContext<C>(C command, String requestId, TraceSpan span) {}
