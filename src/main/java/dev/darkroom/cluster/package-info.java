/**
 * The opt-in way from other Vert.x programs to this process: a member of a Hazelcast cluster, and a bridge from its event bus to
 * ours. Nothing else in the service knows the cluster, depends on it, or waits for it. No SQL, and no decisions.
 */
package dev.darkroom.cluster;
