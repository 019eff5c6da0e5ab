package dev.darkroom.maintenance.doctor;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.database.DatabaseException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/** Describes the history and the state of a single generation as text, from one snapshot of the tables. Times are UTC. Blocking. */
public final class GenerationTimeline {
    private static final Duration STATEMENT_TIMEOUT = Duration.ofSeconds(30);
    private static final DateTimeFormatter TIME_FORMAT =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private static final String FIND_GENERATION = """
            SELECT g.*, now() AS now,
              EXISTS (SELECT FROM generation_attempt_purges d WHERE d.generation_id = g.id) AS attempts_deleted,
              char_length(g.prompt) AS prompt_length,
              (SELECT count(*) FROM nodes WHERE expires_at > now() AND NOT draining
                 AND 'worker' = ANY (coalesce(roles, ARRAY['worker']))) AS workers
            FROM generations g WHERE g.id = ?""";

    private static final String FIND_ATTEMPTS =
            "SELECT * FROM generation_attempts WHERE generation_id = ? ORDER BY number, finished_at";

    private static final String FIND_IMAGES = "SELECT * FROM images WHERE generation_id = ? ORDER BY position";

    /** Searches by user and time, because there is no index by generation; it would slow down the end of every generation. */
    private static final String FIND_NOTIFICATIONS = """
            SELECT n.seq, n.created_at, n.read_at, s.acked_seq >= n.seq AS acknowledged
            FROM generations g JOIN notifications n ON n.user_id = g.user_id AND n.generation_id = g.id
              AND n.created_at BETWEEN g.completed_at - interval '1 hour' AND g.completed_at + interval '1 hour'
              JOIN user_streams s ON s.user_id = n.user_id
            WHERE g.id = ? ORDER BY n.seq""";

    private static final String FIND_QUEUE_ROW = """
            SELECT q.*, now() AS now,
              (SELECT count(*) FROM generation_attempts a WHERE a.generation_id = q.generation_id AND NOT a.counted
                 AND a.outcome <> 'LOST') AS uncounted, n.host, n.expires_at, n.expires_at > now() AS alive
            FROM generation_queue q LEFT JOIN nodes n ON n.id = q.lease_owner WHERE q.generation_id = ?""";

    private final Settings settings;
    private final boolean withPrompt;
    private final List<String> lines = new ArrayList<>();

    private GenerationTimeline(Settings settings, boolean withPrompt) {
        this.settings = settings;
        this.withPrompt = withPrompt;
    }

    /**
     * Describes a generation.
     *
     * @param withPrompt whether to include the prompt, which is personal data; otherwise only its length
     * @return empty if the generation does not exist
     * @throws DatabaseException if the database cannot be read; the message is a single line
     */
    public static Optional<String> describe(UUID id, DatabaseUrl url, Settings settings, boolean withPrompt) {
        try (ReadOnlySession readOnlySession = ReadOnlySession.open(url, STATEMENT_TIMEOUT)) {
            GenerationTimeline generationTimeline = new GenerationTimeline(settings, withPrompt);
            return readOnlySession.runInSnapshot(() -> generationTimeline.build(readOnlySession, id))
                    ? Optional.of(String.join("\n", generationTimeline.lines))
                    : Optional.empty();
        }
    }

    private boolean build(ReadOnlySession readOnlySession, UUID id) throws SQLException {
        List<Object> key = List.of(id);
        if (readOnlySession.query(FIND_GENERATION, key, this::addHeader).isEmpty()) {
            return false;
        }
        readOnlySession.query(FIND_ATTEMPTS, key, this::addAttempt);
        List<Boolean> queued = readOnlySession.query(FIND_QUEUE_ROW, key, this::addQueueState);
        readOnlySession.query(FIND_IMAGES, key, this::addImage);
        readOnlySession.query(FIND_GENERATION, key, row -> addOutcome(row, !queued.isEmpty()));
        readOnlySession.query(FIND_NOTIFICATIONS, key, this::addNotification);
        return true;
    }

    private boolean addHeader(ResultSet row) throws SQLException {
        lines.add("Generation " + row.getString("id") + " of user " + toSingleLine(row.getString("user_id")) + ": "
                + row.getString("status"));
        lines.add("");
        String prompt = withPrompt
                ? "prompt \"" + toSingleLine(row.getString("prompt")) + "\""
                : "a prompt of " + row.getInt("prompt_length") + " characters (--prompt shows it)";
        addLine(
                readTime(row, "created_at"),
                "accepted: " + pluralize(row.getInt("image_count"), "image") + " of "
                        + row.getInt("width") + " x " + row.getInt("height") + ", seed " + row.getLong("seed") + ", "
                        + (row.getString("model") == null ? "" : "model " + toSingleLine(row.getString("model")) + ", ")
                        + prompt);
        if (row.getBoolean("attempts_deleted")) {
            addLine(null, "attempts deleted by retention, " + row.getInt("failed_attempts") + " of them unsuccessful");
        }
        return true;
    }

    private static String formatApiKey(String name) {
        return name == null ? "" : ", api key " + name;
    }

    private boolean addAttempt(ResultSet row) throws SQLException {
        int number = row.getInt("number");
        Instant startedAt = readTime(row, "started_at");
        Instant finishedAt = readTime(row, "finished_at");
        String outcome = row.getString("outcome");
        addLine(
                startedAt,
                "attempt " + number + " started on node " + row.getString("node_id") + ", backend "
                        + row.getString("backend") + formatApiKey(row.getString("api_key")) + ", token "
                        + row.getLong("lease_token"));
        String after = " after " + formatDuration(Duration.between(startedAt, finishedAt));
        if (row.getString("error_code") == null) {
            addLine(finishedAt, "attempt " + number + " succeeded" + after);
            return true;
        }
        String status = row.getString("http_status");
        addLine(
                finishedAt,
                "attempt " + number + " ended " + outcome + after + ": " + row.getString("error_class") + ", "
                        + row.getString("error_code") + (status == null ? "" : " (HTTP " + status + ")") + ". "
                        + toSingleLine(row.getString("error_message")));
        addLine(
                null,
                AttemptCountExplainer.explain(
                        row.getBoolean("counted"), outcome, row.getString("error_class"), row.getString("error_code")));
        Instant retryAt = readTime(row, "retry_at");
        addLine(
                null,
                retryAt == null
                        ? "no further attempt scheduled"
                        : "next attempt scheduled " + formatDuration(Duration.between(finishedAt, retryAt))
                                + " later, at " + TIME_FORMAT.format(retryAt));
        return true;
    }

    private boolean addQueueState(ResultSet row) throws SQLException {
        Instant now = readTime(row, "now");
        Instant deadline = readTime(row, "deadline");
        Instant runAt = readTime(row, "run_at");
        if (row.getString("lease_owner") != null) {
            addRunningAttempt(row, now);
        } else if (runAt.isAfter(now)) {
            addLine(
                    now,
                    "queued, due in " + formatDuration(Duration.between(now, runAt)) + ", at "
                            + TIME_FORMAT.format(runAt));
        } else {
            addLine(
                    now,
                    "queued, due for " + formatDuration(Duration.between(runAt, now))
                            + ", waiting for a free worker; workers do not claim while the circuit breaker is open or the"
                            + " backend is paused");
        }
        addLine(
                null,
                "so far " + row.getInt("counted_failures") + " of "
                        + settings.retry().maxAttempts() + " counted failures, " + row.getInt("uncounted")
                        + " of " + settings.retry().maxUncountedAttempts() + " uncounted failures and "
                        + row.getInt("lost_attempts") + " of "
                        + settings.retry().maxLostAttempts() + " lost attempts");
        addLine(
                null,
                deadline.isAfter(now)
                        ? "deadline at " + TIME_FORMAT.format(deadline) + ", in "
                                + formatDuration(Duration.between(now, deadline))
                                + "; then it fails with DEADLINE_EXCEEDED"
                        : "deadline passed at " + TIME_FORMAT.format(deadline)
                                + "; the reaper fails it with DEADLINE_EXCEEDED");
        return true;
    }

    private void addRunningAttempt(ResultSet row, Instant now) throws SQLException {
        addLine(
                readTime(row, "attempt_started_at"),
                "attempt started on node " + row.getString("lease_owner")
                        + (row.getString("host") == null ? "" : " (host " + toSingleLine(row.getString("host")) + ")")
                        + ", backend " + row.getString("attempt_backend") + formatApiKey(row.getString("job_api_key"))
                        + ", token " + row.getLong("lease_token"));
        Instant expiresAt = readTime(row, "expires_at");
        String deadline = TIME_FORMAT.format(readTime(row, "attempt_deadline"));
        if (row.getBoolean("alive")) {
            addLine(now, "attempt running, aborted at " + deadline + " at the latest");
        } else {
            addLine(
                    now,
                    (expiresAt == null
                                    ? "node removed"
                                    : "node expired, last heartbeat at "
                                            + TIME_FORMAT.format(expiresAt.minus(
                                                    settings.node().ttl())))
                            + "; the reaper of another process records the attempt as LOST and requeues the generation");
        }
    }

    private boolean addImage(ResultSet row) throws SQLException {
        addLine(
                null,
                "image " + (row.getInt("position") + 1) + ": " + row.getString("storage_key") + ", "
                        + row.getString("content_type") + ", " + row.getInt("width") + " x " + row.getInt("height")
                        + ", "
                        + row.getLong("bytes") + " bytes, sha256 " + row.getString("sha256"));
        return true;
    }

    private boolean addOutcome(ResultSet row, boolean queued) throws SQLException {
        Instant completedAt = readTime(row, "completed_at");
        if (completedAt == null) {
            if (!queued) {
                addLine(readTime(row, "now"), "no queue row: no worker will process it, run doctor");
            } else if (row.getLong("workers") == 0) {
                addLine(readTime(row, "now"), "no process with the role worker is running: it waits until one starts");
            }
            return true;
        }
        String statusAndTime = row.getString("status") + " "
                + formatDuration(Duration.between(readTime(row, "created_at"), completedAt)) + " after acceptance";
        addLine(
                completedAt,
                row.getString("error_code") == null
                        ? statusAndTime
                        : statusAndTime + ": " + row.getString("error_code") + ", last failure "
                                + row.getString("error_class") + ". " + toSingleLine(row.getString("error_message"))
                                + (row.getBoolean("error_retryable")
                                        ? " Repeating the request may succeed."
                                        : " Repeating the same request will not succeed."));
        return true;
    }

    private boolean addNotification(ResultSet row) throws SQLException {
        Instant readAt = readTime(row, "read_at");
        addLine(
                readTime(row, "created_at"),
                "user notified by notification " + row.getLong("seq") + ", "
                        + (row.getBoolean("acknowledged") ? "acknowledged" : "not acknowledged")
                        + (readAt == null ? "" : ", read at " + TIME_FORMAT.format(readAt)));
        return true;
    }

    /** @param time null to continue the line before */
    private void addLine(Instant time, String text) {
        lines.add((time == null ? " ".repeat(24) : TIME_FORMAT.format(time)) + "  " + text);
    }

    private static Instant readTime(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    private static String pluralize(int count, String noun) {
        return count + " " + noun + (count == 1 ? "" : "s");
    }

    private static String formatDuration(Duration duration) {
        long millis = duration.toMillis();
        if (Math.abs(millis) < 120_000) {
            return String.format(Locale.ROOT, "%.3f s", millis / 1000.0);
        }
        return String.format(Locale.ROOT, "%d min %d s", duration.toMinutes(), duration.toSecondsPart());
    }

    /** Replaces control characters, because untrusted text must neither start a line nor send escape sequences to the terminal. */
    private static String toSingleLine(String text) {
        return text.replaceAll("[\\p{Cntrl}\\u0085\\u2028\\u2029]", "?");
    }
}
