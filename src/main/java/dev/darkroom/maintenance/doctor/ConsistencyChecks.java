package dev.darkroom.maintenance.doctor;

import static dev.darkroom.maintenance.doctor.ConsistencyCheck.REPORT_ADVICE;
import static dev.darkroom.maintenance.doctor.ConsistencyCheck.ofGenerations;
import static dev.darkroom.maintenance.doctor.ConsistencyCheck.ofUsers;

import dev.darkroom.config.Settings;
import java.util.ArrayList;
import java.util.List;

/**
 * Invariants of the tables. Each query reads a table at most twice and joins by hash or index, so that a million generations take
 * seconds. The caller runs all queries in one snapshot.
 */
final class ConsistencyChecks {
    /** Delay of the lease reaper beyond its interval that is not a violation, in milliseconds. */
    private static final long REAP_SLACK_MS = 5_000;

    /** Time after its deadline in which an attempt of a live node may still record its outcome, see {@code GenerationReaperVerticle}. */
    private static final long DEADLINE_GRACE_MS = 5_000;

    private static final String FIND_QUEUE_MISMATCHES = """
            SELECT g.id AS generation_id, 'is PENDING and has no row in the queue' AS what
            FROM generations g
            WHERE g.status = 'PENDING' AND NOT EXISTS (SELECT FROM generation_queue q WHERE q.generation_id = g.id)
            UNION ALL
            SELECT q.generation_id, CASE WHEN g.id IS NULL THEN 'is in the queue and does not exist'
              ELSE 'is ' || g.status || ' and still has a row in the queue' END
            FROM generation_queue q LEFT JOIN generations g ON g.id = q.generation_id
            WHERE g.status IS DISTINCT FROM 'PENDING'""";

    private static final String FIND_SUCCESS_MISMATCHES = """
            SELECT g.id AS generation_id,
              'is ' || g.status || ' and has ' || coalesce(s.successes, 0) || ' recorded successful attempts' AS what
            FROM generations g LEFT JOIN (
              SELECT generation_id, count(*) AS successes FROM generation_attempts WHERE outcome = 'SUCCEEDED'
              GROUP BY generation_id) s ON s.generation_id = g.id
              LEFT JOIN generation_attempt_purges d ON d.generation_id = g.id
            WHERE coalesce(s.successes, 0)
              <> CASE WHEN g.status = 'COMPLETE' AND d.generation_id IS NULL THEN 1 ELSE 0 END""";

    /** Finds wrong counts of failed attempts. If retention deleted the attempts of a generation, none may be left. */
    private static final String FIND_FAILURE_MISMATCHES = """
            SELECT g.id AS generation_id, 'counts ' || g.failed_attempts || ' failed attempts and has '
              || coalesce(a.failures, 0) || ' recorded'
              || CASE WHEN d.generation_id IS NULL THEN '' ELSE ', although its attempts were deleted' END AS what
            FROM generations g LEFT JOIN (
              SELECT generation_id, count(*) AS failures FROM generation_attempts WHERE outcome <> 'SUCCEEDED'
              GROUP BY generation_id) a ON a.generation_id = g.id
              LEFT JOIN generation_attempt_purges d ON d.generation_id = g.id
            WHERE coalesce(a.failures, 0) <> CASE WHEN d.generation_id IS NULL THEN g.failed_attempts ELSE 0 END
              OR d.generation_id IS NOT NULL AND g.status = 'PENDING'""";

    private static final String FIND_COUNTER_MISMATCHES = """
            SELECT q.generation_id, 'has ' || q.counted_failures || ' counted failures and ' || q.lost_attempts
              || ' lost attempts in the queue, and ' || count(a.number) FILTER (WHERE a.counted) || ' and '
              || count(a.number) FILTER (WHERE a.outcome = 'LOST') || ' recorded' AS what
            FROM generation_queue q LEFT JOIN generation_attempts a ON a.generation_id = q.generation_id
            GROUP BY q.generation_id, q.counted_failures, q.lost_attempts
            HAVING q.counted_failures <> count(a.number) FILTER (WHERE a.counted)
              OR q.lost_attempts <> count(a.number) FILTER (WHERE a.outcome = 'LOST')""";

    private static final String FIND_ATTEMPT_NUMBER_GAPS = """
            SELECT generation_id, 'has ' || count(*) || ' attempts, numbered from ' || min(number) || ' to ' || max(number)
              AS what
            FROM generation_attempts GROUP BY generation_id
            HAVING min(number) <> 1 OR max(number) <> count(*) OR count(DISTINCT number) <> count(*)
            UNION ALL
            SELECT a.generation_id, 'has attempt ' || a.number || ' and does not exist'
            FROM generation_attempts a LEFT JOIN generations g ON g.id = a.generation_id WHERE g.id IS NULL""";

    /**
     * Finds leases of expired nodes that no live node recovered. Reports nothing unless a node has been alive long enough to recover
     * them: without a running process, leases of expired nodes are normal. If the row of a node was deleted, the time of its expiry is
     * unknown; the start of the attempt plus the TTL is the earliest possible time.
     */
    private static final String FIND_DEAD_LEASES = """
            SELECT q.generation_id, 'is held by node ' || q.lease_owner || ', which '
              || coalesce('expired at ' || to_char(n.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'was removed')
              AS what
            FROM generation_queue q LEFT JOIN nodes n ON n.id = q.lease_owner
            WHERE q.lease_owner IS NOT NULL
              AND coalesce(n.expires_at, q.attempt_started_at + ? * interval '1 millisecond')
                < now() - ? * interval '1 millisecond'
              AND EXISTS (SELECT FROM nodes w WHERE w.expires_at > now()
                AND w.started_at < now() - ? * interval '1 millisecond')""";

    private static final String FIND_OVERRUN_ATTEMPTS = """
            SELECT q.generation_id, 'has a running attempt on node ' || q.lease_owner || ' whose deadline was '
              || to_char(q.attempt_deadline AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS what
            FROM generation_queue q JOIN nodes n ON n.id = q.lease_owner
            WHERE q.attempt_deadline < now() - ? * interval '1 millisecond' AND n.expires_at > now()""";

    /** Compares each attempt with the previous one, and the current lease with the last attempt, in the order of the attempts. */
    private static final String FIND_OVERLAPPING_ATTEMPTS = """
            SELECT generation_id, CASE
              WHEN finished_at < started_at THEN 'has attempt ' || number || ' that ended before it started'
              WHEN lease_token <= token_before THEN 'has attempt ' || number || ' with token ' || lease_token
                || ' after token ' || token_before
              ELSE 'has attempt ' || number || ' that started '
                || extract(epoch FROM finished_before - started_at)::numeric(12, 3) || ' s before the previous one ended'
              END AS what
            FROM (
              SELECT generation_id, number, lease_token, started_at, finished_at,
                lag(lease_token) OVER attempts AS token_before, lag(finished_at) OVER attempts AS finished_before
              FROM generation_attempts WINDOW attempts AS (PARTITION BY generation_id ORDER BY number)) a
            WHERE finished_at < started_at OR lease_token <= token_before OR started_at < finished_before
            UNION ALL
            SELECT q.generation_id, CASE WHEN q.lease_owner IS NULL OR max(a.lease_token) >= q.lease_token
                THEN 'is queued with token ' || q.lease_token || ' after an attempt with token ' || max(a.lease_token)
                ELSE 'has a running attempt that started before attempt ' || max(a.number) || ' ended' END
            FROM generation_queue q JOIN generation_attempts a ON a.generation_id = q.generation_id
            GROUP BY q.generation_id, q.lease_owner, q.lease_token, q.attempt_started_at
            HAVING max(a.lease_token) > q.lease_token OR q.lease_owner IS NOT NULL
              AND (max(a.lease_token) = q.lease_token OR q.attempt_started_at < max(a.finished_at))""";

    private static final String FIND_IMAGE_MISMATCHES = """
            SELECT g.id AS generation_id, 'is ' || g.status || ', requested ' || g.image_count || ' images and has '
              || coalesce(i.images, 0) AS what
            FROM generations g LEFT JOIN (
              SELECT generation_id, count(*) AS images, min(position) AS first, max(position) AS last
              FROM images GROUP BY generation_id) i ON i.generation_id = g.id
            WHERE coalesce(i.images, 0) <> CASE WHEN g.status = 'COMPLETE' THEN g.image_count ELSE 0 END
              OR i.first <> 0 OR i.last <> i.images - 1
            UNION ALL
            SELECT i.generation_id, 'has an image and does not exist'
            FROM images i LEFT JOIN generations g ON g.id = i.generation_id WHERE g.id IS NULL""";

    /** Checks generations that ended since notifications are complete. A notification may outlive its generation. */
    private static final String FIND_NOTIFICATION_MISMATCHES = """
            SELECT g.id AS generation_id, 'ended as ' || g.status || ' and has ' || coalesce(n.total, 0) || ' notifications' AS what
            FROM generations g CROSS JOIN notification_history_start s LEFT JOIN (
              SELECT generation_id, count(*) AS total FROM notifications WHERE type = 'generation.ended' GROUP BY generation_id) n
              ON n.generation_id = g.id
            WHERE g.completed_at >= s.started_at AND coalesce(n.total, 0) <> 1
            UNION ALL
            SELECT g.id, 'is ' || g.status || ' and belongs to ' || g.user_id || ', but its notification to ' || n.user_id
              || ' has status ' || coalesce(n.data->>'status', 'null')
            FROM notifications n JOIN generations g ON g.id = n.generation_id
            WHERE n.type = 'generation.ended' AND (n.data->>'status' IS DISTINCT FROM g.status OR n.user_id <> g.user_id)""";

    /** Checks the notifications that retention has not deleted. */
    private static final String FIND_SEQUENCE_GAPS = """
            SELECT s.user_id, 'has ' || count(n.seq) || ' notifications, numbered from ' || min(n.seq) || ' to ' || max(n.seq)
              || ', and the last assigned number is ' || s.last_seq AS what
            FROM user_streams s JOIN notifications n ON n.user_id = s.user_id GROUP BY s.user_id, s.last_seq
            HAVING max(n.seq) <> s.last_seq OR count(DISTINCT n.seq) <> max(n.seq) - min(n.seq) + 1 OR count(*) <> count(DISTINCT n.seq)
            UNION ALL
            SELECT n.user_id, 'has ' || count(*) || ' notifications and no stream'
            FROM notifications n LEFT JOIN user_streams s ON s.user_id = n.user_id WHERE s.user_id IS NULL GROUP BY n.user_id""";

    private static final String FIND_CURSOR_MISMATCHES = """
            SELECT s.user_id, 'has acknowledged ' || s.acked_seq || ' of ' || s.last_seq || ' notifications' AS what
            FROM user_streams s WHERE s.acked_seq > s.last_seq
            UNION ALL
            SELECT c.user_id, 'has a subscriber that acknowledged ' || c.acked_seq || ', but the user acknowledged '
              || coalesce(s.acked_seq, 0)
            FROM subscriber_cursors c LEFT JOIN user_streams s ON s.user_id = c.user_id
            WHERE c.acked_seq > coalesce(s.acked_seq, 0)""";

    /** Finds results that no submission made. A look-up finds the result of an earlier one. */
    private static final String FIND_RESULTS_WITHOUT_SUBMISSION = """
            SELECT generation_id, 'has a successful attempt and no submission' AS what
            FROM generation_attempts GROUP BY generation_id
            HAVING bool_or(outcome = 'SUCCEEDED') AND NOT bool_or(submitted)""";

    /** Compares the reserved amount of each budget with the attempts that hold it. */
    private static final String FIND_RESERVATION_MISMATCHES = """
            SELECT b.id, 'of ' || lower(b.scope) || ' ' || b.owner || ' has ' || b.reserved_micros || ' reserved, and running attempts hold '
              || coalesce(sum(r.attempt_cost), 0) AS what
            FROM budgets b LEFT JOIN (SELECT unnest(reserved_budgets) AS id, attempt_cost FROM generation_queue) r ON r.id = b.id
            GROUP BY b.id, b.scope, b.owner, b.reserved_micros HAVING b.reserved_micros <> coalesce(sum(r.attempt_cost), 0)""";

    private static final String EXPLAIN_FIRST_ADVICE =
            REPORT_ADVICE + " Save the output of explain ID before you repair anything.";
    private static final String OLD_VERSION_ADVICE = EXPLAIN_FIRST_ADVICE
            + " Not a bug if a process of a version without notifications ended the generation: docs/operations.md.";

    private ConsistencyChecks() {}

    /** Returns all checks in the order of the report. */
    static List<ConsistencyCheck> all(Settings settings) {
        long ttl = settings.node().ttl().toMillis();
        // Allows the timer of the reaper to be 10 % late.
        long reapInterval = settings.node().reapInterval().toMillis() * 11 / 10;
        List<ConsistencyCheck> checks = new ArrayList<>(List.of(
                ofGenerations(
                        "I1",
                        "each PENDING generation has one queue row, no other generation has any",
                        FIND_QUEUE_MISMATCHES,
                        EXPLAIN_FIRST_ADVICE + " A PENDING generation without a queue row never ends."),
                ofGenerations(
                        "I2",
                        "each COMPLETE generation has one successful attempt, no other has any",
                        FIND_SUCCESS_MISMATCHES,
                        EXPLAIN_FIRST_ADVICE),
                ofGenerations(
                        "I3",
                        "each ended generation has one notification",
                        FIND_NOTIFICATION_MISMATCHES,
                        OLD_VERSION_ADVICE),
                ofUsers("I4", "notification numbers of a user have no gaps", FIND_SEQUENCE_GAPS, REPORT_ADVICE),
                ofGenerations(
                        "I5",
                        "failed_attempts equals the number of unsuccessful attempts",
                        FIND_FAILURE_MISMATCHES,
                        EXPLAIN_FIRST_ADVICE),
                ofGenerations(
                        "I5",
                        "the counters of the queue equal the recorded attempts",
                        FIND_COUNTER_MISMATCHES,
                        EXPLAIN_FIRST_ADVICE),
                ofGenerations(
                        "I5",
                        "attempt numbers of a generation have no gaps",
                        FIND_ATTEMPT_NUMBER_GAPS,
                        EXPLAIN_FIRST_ADVICE),
                ofGenerations(
                        "I6",
                        "leases of expired nodes are recovered",
                        FIND_DEAD_LEASES,
                        "The lease reaper of a live process does not work: look for \"lease reaper failed\" in its log.",
                        ttl,
                        reapInterval + REAP_SLACK_MS,
                        ttl + reapInterval + REAP_SLACK_MS),
                ofGenerations(
                        "I6",
                        "no attempt runs past its deadline",
                        FIND_OVERRUN_ATTEMPTS,
                        "The lease reaper should have recovered it: look for \"lease reaper failed\" in the logs.",
                        DEADLINE_GRACE_MS + reapInterval + REAP_SLACK_MS),
                ofGenerations(
                        "I7",
                        "attempts of a generation do not overlap",
                        FIND_OVERLAPPING_ATTEMPTS,
                        REPORT_ADVICE + " Not a bug if the database clock was set back."),
                ofUsers(
                        "I8",
                        "acknowledged numbers do not exceed the assigned ones",
                        FIND_CURSOR_MISMATCHES,
                        REPORT_ADVICE),
                ofGenerations("I9", "each result has a submission", FIND_RESULTS_WITHOUT_SUBMISSION, REPORT_ADVICE),
                new ConsistencyCheck(
                        "I10",
                        "the reservations of budgets are those of running attempts",
                        "budget",
                        FIND_RESERVATION_MISMATCHES,
                        REPORT_ADVICE,
                        List.of()),
                ofGenerations(
                        "images",
                        "each COMPLETE generation has the requested images, no other has any",
                        FIND_IMAGE_MISMATCHES,
                        EXPLAIN_FIRST_ADVICE)));
        checks.addAll(WebhookDeliveryChecks.all(ttl, reapInterval + REAP_SLACK_MS));
        return checks;
    }
}
