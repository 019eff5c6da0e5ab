package dev.darkroom.queue;

/** Work that this node has claimed: the right to make one attempt, until somebody with a newer token takes it. */
public interface Lease {

    /** What the lease is recognised by. */
    FencingToken fencingToken();

    /** Which attempt this is, from 1. */
    int number();
}
