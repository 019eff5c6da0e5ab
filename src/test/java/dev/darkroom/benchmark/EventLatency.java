package dev.darkroom.benchmark;

import dev.darkroom.benchmark.StreamBenchmarkClients.Arrival;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;

/** From the moment at which something is so until a client has the event that tells it. */
final class EventLatency {
    private EventLatency() {}

    /**
     * From the commit, as PostgreSQL has kept its time for each row: taken before the commit is on disk, so that the last
     * wait of a commit is counted to ours. Both clocks are the machine's.
     *
     * @param clientsPerUser clients 0, 1, 2 … are this many of the first user, then of the next
     */
    static LatencyQuantiles fromCommit(ApiBenchmarkDatabase database, List<Arrival> arrivals, int clientsPerUser)
            throws SQLException {
        Map<String, Long> commits = commitTimes(database);
        return between(arrivals, arrival -> {
            String id = arrival.event().id();
            String key = BenchmarkUsers.name(arrival.client() / clientsPerUser) + " "
                    + id.substring(id.lastIndexOf('-') + 1);
            Long committed = commits.get(key);
            if (committed == null) {
                throw new IllegalStateException("told of " + key + ", which was never committed");
            }
            return committed;
        });
    }

    /** Of the last so many on record those that no client was told of: user and number. */
    static List<String> findUndelivered(ApiBenchmarkDatabase database, List<Arrival> arrivals, int count)
            throws SQLException {
        Set<String> told = new HashSet<>();
        for (Arrival arrival : arrivals) {
            String id = arrival.event().id();
            told.add(BenchmarkUsers.name(arrival.client()) + " " + id.substring(id.lastIndexOf('-') + 1));
        }
        return database
                .query("SELECT user_id || ' ' || seq FROM notifications ORDER BY created_at DESC LIMIT " + count)
                .stream()
                .filter(each -> !told.contains(each))
                .toList();
    }

    /** Those on record: user and number, and when, in microseconds. */
    private static Map<String, Long> commitTimes(ApiBenchmarkDatabase database) throws SQLException {
        Map<String, Long> commits = new HashMap<>();
        for (String row : database.query("SELECT user_id || ' ' || seq || '|'"
                + " || (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1e6)::bigint FROM notifications")) {
            int bar = row.indexOf('|');
            commits.put(row.substring(0, bar), Long.parseLong(row.substring(bar + 1)));
        }
        return commits;
    }

    static LatencyQuantiles between(List<Arrival> arrivals, ToLongFunction<Arrival> fromMicros) {
        List<Double> took = new ArrayList<>();
        for (Arrival arrival : arrivals) {
            took.add((arrival.event().arrivedMicros() - fromMicros.applyAsLong(arrival)) / 1e3);
        }
        return LatencyQuantiles.of(took);
    }
}
