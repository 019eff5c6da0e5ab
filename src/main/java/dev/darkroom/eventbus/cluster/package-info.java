/** Membership in a Hazelcast cluster and the relay between the clustered and the local event bus. */
package dev.darkroom.eventbus.cluster;
