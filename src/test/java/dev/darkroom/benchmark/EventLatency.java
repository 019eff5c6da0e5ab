package dev.darkroom.benchmark;

import dev.darkroom.benchmark.StreamBenchmarkClients.Arrival;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.function.ToLongFunction;

/** Latencies of events until their arrival at the client, in milliseconds. */
final class EventLatency {
    private EventLatency() {}

    /**
     * Measures from the commit timestamp of PostgreSQL. The timestamp is taken before the commit reaches the disk, so the
     * latency includes that wait. Client and server use the same clock.
     *
     * @param clientsPerUser number of consecutive clients that belong to one user
     */
    static LatencyQuantiles fromCommit(ApiBenchmarkDatabase database, List<Arrival> arrivals, int clientsPerUser)
            throws SQLException {
        return fromCommit(database, arrivals, client -> BenchmarkUsers.name(client / clientsPerUser));
    }

    /** As {@link #fromCommit(ApiBenchmarkDatabase, List, int)}, with the name of the user of each client. */
    static LatencyQuantiles fromCommit(ApiBenchmarkDatabase database, List<Arrival> arrivals, IntFunction<String> users)
            throws SQLException {
        Map<String, Long> commits = commitTimes(database);
        return between(arrivals, arrival -> {
            String id = arrival.event().id();
            String key = users.apply(arrival.client()) + " " + id.substring(id.lastIndexOf('-') + 1);
            Long committed = commits.get(key);
            if (committed == null) {
                throw new IllegalStateException("event received without a committed notification: " + key);
            }
            return committed;
        });
    }

    /** Returns those of the last {@code count} notifications that no client received, as user and sequence number. */
    static List<String> findUndelivered(ApiBenchmarkDatabase database, List<Arrival> arrivals, int count)
            throws SQLException {
        Set<String> delivered = new HashSet<>();
        for (Arrival arrival : arrivals) {
            String id = arrival.event().id();
            delivered.add(BenchmarkUsers.name(arrival.client()) + " " + id.substring(id.lastIndexOf('-') + 1));
        }
        return database
                .query("SELECT user_id || ' ' || seq FROM notifications ORDER BY created_at DESC LIMIT " + count)
                .stream()
                .filter(notification -> !delivered.contains(notification))
                .toList();
    }

    /** Returns the commit times in microseconds by user and sequence number. */
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
        List<Double> latencies = new ArrayList<>();
        for (Arrival arrival : arrivals) {
            latencies.add((arrival.event().arrivedMicros() - fromMicros.applyAsLong(arrival)) / 1e3);
        }
        return LatencyQuantiles.of(latencies);
    }
}
