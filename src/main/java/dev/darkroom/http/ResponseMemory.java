package dev.darkroom.http;

/** Memory for response bodies. Confined to the event loop of the exchange. */
public interface ResponseMemory {
    /** Memory without a limit. */
    ResponseMemory UNLIMITED = new ResponseMemory() {};

    /** Returns true when {@code additionalBytes} more may be read. Otherwise the body is truncated. */
    default boolean isWithinLimit(long additionalBytes) {
        return true;
    }

    /** Adds bytes that were read; a negative number removes discarded bytes. */
    default void addBytes(int bytes) {}

    /** Returns true when {@code additionalBytes} can be held now. Otherwise the exchange stops reading and waits for capacity. */
    default boolean hasCapacity(long additionalBytes) {
        return true;
    }

    /** Runs {@code handler} once there is capacity. */
    default void awaitCapacity(Runnable handler) {
        handler.run();
    }

    /** Returns true while an exchange waits for memory that others hold. */
    default boolean isWaiting() {
        return false;
    }
}
