package dev.darkroom.queue;

import java.util.List;

/**
 * Result of a claim.
 *
 * @param more whether further jobs may be due
 */
public record ClaimedJobs<L extends Lease>(List<L> leases, boolean more) {
    public ClaimedJobs {
        leases = List.copyOf(leases);
    }
}
