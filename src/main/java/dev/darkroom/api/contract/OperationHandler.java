package dev.darkroom.api.contract;

/** What answers one operation of the contract. One class per operationId. */
public interface OperationHandler {

    /** The operationId in the contract. */
    String operationId();

    /** Whether an answer may stay open for hours. Each takes a place, of which there are few. */
    default boolean opensStream() {
        return false;
    }

    /**
     * Answers a request that the contract allows. Runs on an event loop, must not block, and either ends the response or
     * fails the exchange with a {@code Problem}.
     */
    void handle(OperationContext operationContext);
}
