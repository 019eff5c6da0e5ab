package dev.darkroom.generation;

import dev.darkroom.signal.ChangeSignal;

/** Change signals of generations. Those with a key have the id of the generation. */
public final class GenerationSignals {
    /** A generation was submitted and waits. Workers with free capacity claim. */
    public static final ChangeSignal SUBMITTED = new ChangeSignal("submitted");

    /** The generation with this key has ended. */
    public static final ChangeSignal FINISHED = new ChangeSignal("finished");

    /** The generation with this key has ended, or one of its attempts has started or failed. */
    public static final ChangeSignal PROGRESS = new ChangeSignal("progress");

    /** The job of an attempt has progressed. The key is that of {@code JobProgressSignal}; a lost signal is not repeated. */
    public static final ChangeSignal JOB_PROGRESS = new ChangeSignal("jobProgress");

    /** Generations were canceled. A worker may have running attempts of them. */
    public static final ChangeSignal CANCELLED = new ChangeSignal("cancelled");

    /** Generations with running attempts were erased. Their workers store which attempts have ended. */
    public static final ChangeSignal ERASED = new ChangeSignal("erased");

    /** Generations were deleted. Caches evict them. */
    public static final ChangeSignal DELETED = new ChangeSignal("deleted");

    /** Connections of waiting requests broke. The key identifies the caller. Retries that arrived before search again. */
    public static final ChangeSignal DISCONNECTED = new ChangeSignal("disconnected");

    private GenerationSignals() {}
}
