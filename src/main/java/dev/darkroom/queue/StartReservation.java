package dev.darkroom.queue;

import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Capacity of a {@link ClaimLoop} for jobs that are leased to this node when they are inserted, so that they start without a claim.
 *
 * @param nodeId node of the leases
 * @param count maximum number of leases; positive
 * @param start ends the reservation and starts the attempts of the committed leases, asynchronously. To be called exactly once, on any
 *     thread; with an empty list when nothing was inserted
 */
public record StartReservation<L extends Lease>(UUID nodeId, int count, Consumer<List<L>> start) {}
