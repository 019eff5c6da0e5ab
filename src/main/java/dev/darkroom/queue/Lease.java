package dev.darkroom.queue;

/** A claimed job: the right of this node to make one attempt, until another claim assigns a newer token. */
public interface Lease {

    /** Identifies the lease in every fenced statement. */
    FencingToken fencingToken();

    /** Number of the attempt, counted from 1. */
    int number();
}
