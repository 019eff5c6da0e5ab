package dev.darkroom.generation.store;

import java.time.Instant;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * The first waiting generations at one moment, in the order in which they start. Immutable.
 *
 * @param readAt time of the moment, by the clock of the database
 * @param turns turns of these generations in ascending order, at most {@link #MAX_AHEAD}
 * @param aheadById number of generations ahead of each
 */
public record QueueSnapshot(Instant readAt, List<QueueTurn> turns, Map<UUID, Integer> aheadById) {
    /** Upper limit of {@link #countAhead}, and number of generations in a snapshot. */
    public static final int MAX_AHEAD = 999;

    private static final Comparator<QueueTurn> SERVICE_ORDER =
            Comparator.comparingLong(QueueTurn::turn).thenComparingLong(QueueTurn::arrival);

    public QueueSnapshot {
        turns = List.copyOf(turns);
        aheadById = Map.copyOf(aheadById);
    }

    /**
     * Turn of a waiting generation. Turns are served in ascending order, equal ones in the order of arrival.
     *
     * @param arrival number of the generation in the order of arrival
     */
    public record QueueTurn(long turn, long arrival) {}

    /**
     * Returns the number of generations ahead of a waiting generation; {@link #MAX_AHEAD} means that number or more. A generation that
     * began to wait after the snapshot was read gets the place of its turn, without regard to its priority.
     *
     * @param turn its current turn
     */
    public int countAhead(UUID id, QueueTurn turn) {
        Integer ahead = aheadById.get(id);
        if (ahead != null) {
            return ahead;
        }
        int place = Collections.binarySearch(turns, turn, SERVICE_ORDER);
        // A turn of the snapshot is used by a more urgent generation of the same user, and so is each of its turns in
        // the snapshot.
        return place < 0 ? -place - 1 : MAX_AHEAD;
    }
}
