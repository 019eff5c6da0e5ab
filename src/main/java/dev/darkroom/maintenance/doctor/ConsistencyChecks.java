package dev.darkroom.maintenance.doctor;

import static dev.darkroom.maintenance.doctor.ConsistencyCheck.ofGenerations;
import static dev.darkroom.maintenance.doctor.ConsistencyCheck.ofUsers;

import dev.darkroom.config.Settings;
import java.util.ArrayList;
import java.util.List;

/**
 * What must hold in the tables. Each statement reads a table at most once or twice and joins by hashing or along an index,
 * so that a million generations take seconds. All of them see the same snapshot.
 */
final class ConsistencyChecks {
    /** How late the sweep may be before it is not working, beyond what the settings say. */
    private static final long REAP_SLACK_MS = 5_000;

    /** How long after its deadline an attempt of a living node may still be writing, see {@code GenerationReaperVerticle}. */
    private static final long DEADLINE_GRACE_MS = 5_000;

    private static final String FIND_QUEUE_MISMATCHES = """
            SELECT g.id AS generation_id, 'is PENDING and has no row in the queue' AS what
            FROM generations g
            WHERE g.status = 'PENDING' AND NOT EXISTS (SELECT FROM generation_queue q WHERE q.generation_id = g.id)
            UNION ALL
            SELECT q.generation_id, CASE WHEN g.id IS NULL THEN 'is in the queue and has no record'
              ELSE 'is ' || g.status || ' and still has a row in the queue' END
            FROM generation_queue q LEFT JOIN generations g ON g.id = q.generation_id
            WHERE g.status IS DISTINCT FROM 'PENDING'""";

    private static final String FIND_SUCCESS_MISMATCHES = """
            SELECT g.id AS generation_id,
              'is ' || g.status || ' and has ' || coalesce(s.successes, 0) || ' successful attempts on record' AS what
            FROM generations g LEFT JOIN (
              SELECT generation_id, count(*) AS successes FROM generation_attempts WHERE outcome = 'SUCCEEDED'
              GROUP BY generation_id) s ON s.generation_id = g.id
              LEFT JOIN generation_attempt_purges d ON d.generation_id = g.id
            WHERE coalesce(s.successes, 0)
              <> CASE WHEN g.status = 'COMPLETE' AND d.generation_id IS NULL THEN 1 ELSE 0 END""";

    /** Where housekeeping has deleted the attempts of an ended generation, none may be left. */
    private static final String FIND_FAILURE_MISMATCHES = """
            SELECT g.id AS generation_id, 'says ' || g.failed_attempts || ' failed attempts and has '
              || coalesce(a.failures, 0) || ' on record'
              || CASE WHEN d.generation_id IS NULL THEN '' ELSE ', though its attempts were deleted' END AS what
            FROM generations g LEFT JOIN (
              SELECT generation_id, count(*) AS failures FROM generation_attempts WHERE outcome <> 'SUCCEEDED'
              GROUP BY generation_id) a ON a.generation_id = g.id
              LEFT JOIN generation_attempt_purges d ON d.generation_id = g.id
            WHERE coalesce(a.failures, 0) <> CASE WHEN d.generation_id IS NULL THEN g.failed_attempts ELSE 0 END
              OR d.generation_id IS NOT NULL AND g.status = 'PENDING'""";

    private static final String FIND_COUNTER_MISMATCHES = """
            SELECT q.generation_id, 'has ' || q.counted_failures || ' counted failures and ' || q.lost_attempts
              || ' lost attempts in the queue, and ' || count(a.number) FILTER (WHERE a.counted) || ' and '
              || count(a.number) FILTER (WHERE a.outcome = 'LOST') || ' on record' AS what
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
            SELECT a.generation_id, 'has attempt ' || a.number || ' and no record'
            FROM generation_attempts a LEFT JOIN generations g ON g.id = a.generation_id WHERE g.id IS NULL""";

    /**
     * Only where somebody has been alive for long enough to take the lease back: when no process runs, a lease of a dead one
     * waits, and nothing is wrong. A node whose row is gone left an unknown while ago; the start of its attempt is the
     * earliest that it can have been.
     */
    private static final String FIND_DEAD_LEASES = """
            SELECT q.generation_id, 'is held by node ' || q.lease_owner || ', which '
              || coalesce('expired at ' || to_char(n.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'is gone')
              AS what
            FROM generation_queue q LEFT JOIN nodes n ON n.id = q.lease_owner
            WHERE q.lease_owner IS NOT NULL
              AND coalesce(n.expires_at, q.attempt_started_at + ? * interval '1 millisecond')
                < now() - ? * interval '1 millisecond'
              AND EXISTS (SELECT FROM nodes w WHERE w.expires_at > now()
                AND w.started_at < now() - ? * interval '1 millisecond')""";

    private static final String FIND_OVERRUN_ATTEMPTS = """
            SELECT q.generation_id, 'has an attempt under way on node ' || q.lease_owner || ' that ran out of time at '
              || to_char(q.attempt_deadline AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS what
            FROM generation_queue q JOIN nodes n ON n.id = q.lease_owner
            WHERE q.attempt_deadline < now() - ? * interval '1 millisecond' AND n.expires_at > now()""";

    /** Along the primary key, each attempt beside the one before it, and the lease under way beside the last. */
    private static final String FIND_OVERLAPPING_ATTEMPTS = """
            SELECT generation_id, CASE
              WHEN finished_at < started_at THEN 'has attempt ' || number || ' end before it began'
              WHEN lease_token <= token_before THEN 'has attempt ' || number || ' under token ' || lease_token
                || ', after token ' || token_before
              ELSE 'has attempt ' || number || ' begin '
                || extract(epoch FROM finished_before - started_at)::numeric(12, 3) || ' s before the one before it ended'
              END AS what
            FROM (
              SELECT generation_id, number, lease_token, started_at, finished_at,
                lag(lease_token) OVER attempts AS token_before, lag(finished_at) OVER attempts AS finished_before
              FROM generation_attempts WINDOW attempts AS (PARTITION BY generation_id ORDER BY number)) a
            WHERE finished_at < started_at OR lease_token <= token_before OR started_at < finished_before
            UNION ALL
            SELECT q.generation_id, CASE WHEN q.lease_owner IS NULL OR max(a.lease_token) >= q.lease_token
                THEN 'stands in the queue at token ' || q.lease_token || ', after an attempt under token '
                  || max(a.lease_token)
                ELSE 'has an attempt under way that began before attempt ' || max(a.number) || ' ended' END
            FROM generation_queue q JOIN generation_attempts a ON a.generation_id = q.generation_id
            GROUP BY q.generation_id, q.lease_owner, q.lease_token, q.attempt_started_at
            HAVING max(a.lease_token) > q.lease_token OR q.lease_owner IS NOT NULL
              AND (max(a.lease_token) = q.lease_token OR q.attempt_started_at < max(a.finished_at))""";

    private static final String FIND_IMAGE_MISMATCHES = """
            SELECT g.id AS generation_id, 'is ' || g.status || ', was asked for ' || g.image_count || ' pictures and has '
              || coalesce(i.pictures, 0) AS what
            FROM generations g LEFT JOIN (
              SELECT generation_id, count(*) AS pictures, min(position) AS first, max(position) AS last
              FROM images GROUP BY generation_id) i ON i.generation_id = g.id
            WHERE coalesce(i.pictures, 0) <> CASE WHEN g.status = 'COMPLETE' THEN g.image_count ELSE 0 END
              OR i.first <> 0 OR i.last <> i.pictures - 1
            UNION ALL
            SELECT i.generation_id, 'has a picture and no record'
            FROM images i LEFT JOIN generations g ON g.id = i.generation_id WHERE g.id IS NULL""";

    /** Since notifications are kept. A generation may have been deleted since; its notification stays. */
    private static final String FIND_NOTIFICATION_MISMATCHES = """
            SELECT g.id AS generation_id, 'has ended ' || g.status || ' and ' || coalesce(n.told, 0) || ' notifications of it' AS what
            FROM generations g CROSS JOIN notification_history_start s LEFT JOIN (
              SELECT generation_id, count(*) AS told FROM notifications WHERE type = 'generation.ended' GROUP BY generation_id) n
              ON n.generation_id = g.id
            WHERE g.completed_at >= s.started_at AND coalesce(n.told, 0) <> 1
            UNION ALL
            SELECT g.id, 'is ' || g.status || ' and belongs to ' || g.user_id || ', and ' || n.user_id || ' was told that it is '
              || coalesce(n.data->>'status', 'nothing')
            FROM notifications n JOIN generations g ON g.id = n.generation_id
            WHERE n.type = 'generation.ended' AND (n.data->>'status' IS DISTINCT FROM g.status OR n.user_id <> g.user_id)""";

    /** Above what is kept no longer. */
    private static final String FIND_SEQUENCE_GAPS = """
            SELECT s.user_id, 'has ' || count(n.seq) || ' notifications, numbered from ' || min(n.seq) || ' to ' || max(n.seq)
              || ', and was given ' || s.last_seq || ' numbers' AS what
            FROM user_streams s JOIN notifications n ON n.user_id = s.user_id GROUP BY s.user_id, s.last_seq
            HAVING max(n.seq) <> s.last_seq OR count(DISTINCT n.seq) <> max(n.seq) - min(n.seq) + 1 OR count(*) <> count(DISTINCT n.seq)
            UNION ALL
            SELECT n.user_id, 'has ' || count(*) || ' notifications and no stream'
            FROM notifications n LEFT JOIN user_streams s ON s.user_id = n.user_id WHERE s.user_id IS NULL GROUP BY n.user_id""";

    private static final String FIND_CURSOR_MISMATCHES = """
            SELECT s.user_id, 'has acknowledged ' || s.acked_seq || ' of ' || s.last_seq || ' notifications' AS what
            FROM user_streams s WHERE s.acked_seq > s.last_seq
            UNION ALL
            SELECT c.user_id, 'has a device that acknowledged ' || c.acked_seq || ', and ' || coalesce(s.acked_seq, 0)
              || ' of its own acknowledged'
            FROM subscriber_cursors c LEFT JOIN user_streams s ON s.user_id = c.user_id
            WHERE c.acked_seq > coalesce(s.acked_seq, 0)""";

    private static final String REPORT_ADVICE =
            "This is a bug, or somebody wrote to the tables by hand; please report it.";
    private static final String EXPLAIN_FIRST_ADVICE =
            REPORT_ADVICE + " Do not mend it before the story is saved: explain ID tells it.";
    private static final String OLD_VERSION_ADVICE = EXPLAIN_FIRST_ADVICE
            + " Unless a process of a version without notifications ended it, beside one of this version: docs/operations.md.";

    private ConsistencyChecks() {}

    /** All of them, in the order in which they are told. */
    static List<ConsistencyCheck> all(Settings settings) {
        long ttl = settings.node().ttl().toMillis();
        // A timer of the sweep is up to a tenth late by intent.
        long sweep = settings.node().reapInterval().toMillis() * 11 / 10;
        List<ConsistencyCheck> all = new ArrayList<>(List.of(
                ofGenerations(
                        "I1",
                        "what is PENDING has one row in the queue, what has ended none",
                        FIND_QUEUE_MISMATCHES,
                        EXPLAIN_FIRST_ADVICE + " A PENDING one without a row will never end by itself."),
                ofGenerations(
                        "I2",
                        "what is COMPLETE has one successful attempt, nothing else has any",
                        FIND_SUCCESS_MISMATCHES,
                        EXPLAIN_FIRST_ADVICE),
                ofGenerations(
                        "I3", "one notification tells of each end", FIND_NOTIFICATION_MISMATCHES, OLD_VERSION_ADVICE),
                ofUsers("I4", "a user's notifications are numbered without a gap", FIND_SEQUENCE_GAPS, REPORT_ADVICE),
                ofGenerations(
                        "I5",
                        "failed_attempts counts the attempts without success",
                        FIND_FAILURE_MISMATCHES,
                        EXPLAIN_FIRST_ADVICE),
                ofGenerations(
                        "I5",
                        "the queue's counters agree with the attempts",
                        FIND_COUNTER_MISMATCHES,
                        EXPLAIN_FIRST_ADVICE),
                ofGenerations(
                        "I5", "attempts are numbered without a gap", FIND_ATTEMPT_NUMBER_GAPS, EXPLAIN_FIRST_ADVICE),
                ofGenerations(
                        "I6",
                        "the work of a dead node is taken back",
                        FIND_DEAD_LEASES,
                        "A process lives and does not sweep: look for \"lease reaper failed\" in its log.",
                        ttl,
                        sweep + REAP_SLACK_MS,
                        ttl + sweep + REAP_SLACK_MS),
                ofGenerations(
                        "I6",
                        "no attempt runs on past its deadline",
                        FIND_OVERRUN_ATTEMPTS,
                        "The sweep should have taken it back: look for \"lease reaper failed\" in the logs.",
                        DEADLINE_GRACE_MS + sweep + REAP_SLACK_MS),
                ofGenerations(
                        "I7",
                        "no two attempts of a generation overlap",
                        FIND_OVERLAPPING_ATTEMPTS,
                        REPORT_ADVICE + " Unless the database's clock was set back."),
                ofUsers("I8", "nobody has acknowledged what was not told", FIND_CURSOR_MISMATCHES, REPORT_ADVICE),
                ofGenerations(
                        "pictures",
                        "what is COMPLETE has the pictures asked for, nothing else has any",
                        FIND_IMAGE_MISMATCHES,
                        EXPLAIN_FIRST_ADVICE)));
        all.addAll(WebhookDeliveryChecks.all(ttl, sweep + REAP_SLACK_MS));
        return all;
    }
}
