package dev.darkroom.eventbus;

/**
 * Command of a user to a verticle. Implementations are immutable records below one sealed interface per event-bus address. Inside a process
 * a command travels by reference; {@link CommandCodec} encodes it for another process.
 *
 * @param <R> type of the result
 */
public interface Command<R> {}
