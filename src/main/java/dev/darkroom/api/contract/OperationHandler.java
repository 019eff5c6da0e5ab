package dev.darkroom.api.contract;

/** Handler of one operation of the contract. One class per operationId. */
public interface OperationHandler {

    /** Returns the operationId in the contract. */
    String operationId();

    /** Returns whether a response may stay open for hours. The number of such responses is limited. */
    default boolean opensStream() {
        return false;
    }

    /**
     * Handles a validated request. Runs on an event loop and must not block. Ends the response or fails the context with a
     * {@code Problem}.
     */
    void handle(OperationContext operationContext);
}
