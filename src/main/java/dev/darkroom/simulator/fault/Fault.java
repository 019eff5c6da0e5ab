package dev.darkroom.simulator.fault;

/**
 * A way to respond to a submission. A new fault needs an implementation and an entry in {@link FaultScriptParser}. Immutable, except
 * {@link RandomFault}.
 */
public interface Fault {

    /** Returns a short constant description for the request log. */
    String description();

    /** Responds to a submission. Runs on the event loop after the delay. */
    void apply(ImageResponses responses);
}
