package dev.darkroom.queue;

/** A leased job: the right of this node to make one attempt, until another lease has a newer token. */
public interface Lease {

    /** Identifies the lease in every fenced statement. */
    FencingToken fencingToken();

    /** Number of the attempt, counted from 1. */
    int number();
}
