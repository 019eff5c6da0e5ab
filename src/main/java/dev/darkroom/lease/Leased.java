package dev.darkroom.lease;

/** Work that this node has claimed: the right to make one attempt, until somebody with a newer token takes it. */
public interface Leased {

    /** What the lease is recognised by. */
    Fence fence();

    /** Which attempt this is, from 1. */
    int number();
}
