package dev.darkroom.maintenance.doctor;

import static dev.darkroom.maintenance.doctor.DoctorFixture.COMPLETE;
import static dev.darkroom.maintenance.doctor.DoctorFixture.FAILED;
import static dev.darkroom.maintenance.doctor.DoctorFixture.KEY;
import static dev.darkroom.maintenance.doctor.DoctorFixture.NODE;
import static dev.darkroom.maintenance.doctor.DoctorFixture.RUNNING;
import static dev.darkroom.maintenance.doctor.DoctorFixture.WAITING;
import static dev.darkroom.maintenance.doctor.DoctorFixture.attempt;
import static dev.darkroom.maintenance.doctor.DoctorFixture.delivery;
import static dev.darkroom.maintenance.doctor.DoctorFixture.id;
import static dev.darkroom.maintenance.doctor.DoctorFixture.notification;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.database.DatabaseException;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.TableSnapshot;
import dev.darkroom.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests each check with a violation inserted into healthy tables. */
@Tag("database")
class DatabaseDoctorTest {
    @RegisterExtension
    static final DoctorFixture doctorFixture = new DoctorFixture();

    @Test
    void reportsNothingForConsistentTables() {
        // when
        DoctorReport doctorReport = doctorFixture.runDoctor();

        // then
        assertThat(doctorReport.problems()).isEmpty();
        assertThat(doctorReport.notes()).isEmpty();
        assertThat(doctorReport.isConsistent()).isTrue();
        assertThat(doctorReport.toText())
                .contains("I3", "each ended generation has one notification")
                .endsWith("\nAll checks passed.");
        assertThat(doctorReport.toJson().getBoolean("consistent")).isTrue();
    }

    @Test
    void changesNothing() {
        // given
        List<String> before = TableSnapshot.readAllRows(doctorFixture.url);

        // when
        doctorFixture.runDoctor();

        // then
        assertThat(TableSnapshot.readAllRows(doctorFixture.url)).isEqualTo(before);
    }

    static Stream<Arguments> violations() {
        return Stream.of(
                violation(
                        "I1: generation " + WAITING + " is PENDING and has no row in the queue",
                        "DELETE FROM generation_queue WHERE generation_id = '" + WAITING + "'"),
                violation(
                        "I1: generation " + FAILED + " is FAILED and still has a row in the queue",
                        "UPDATE generation_queue SET generation_id = '" + FAILED + "' WHERE generation_id = '" + WAITING
                                + "'"),
                violation(
                        "I1: generation " + id(8) + " is in the queue and does not exist",
                        "UPDATE generation_queue SET generation_id = '" + id(8) + "' WHERE generation_id = '" + WAITING
                                + "'"),
                violation(
                        "I2: generation " + COMPLETE + " is COMPLETE and has 2 recorded successful attempts",
                        attempt(COMPLETE, 3, "SUCCEEDED", true, 60)),
                violation(
                        "I2: generation " + COMPLETE + " is COMPLETE and has 0 recorded successful attempts",
                        "UPDATE generation_attempts SET outcome = 'RETRYABLE' WHERE outcome = 'SUCCEEDED'"),
                violation(
                        "I2: generation " + FAILED + " is FAILED and has 1 recorded successful attempts",
                        attempt(FAILED, 2, "SUCCEEDED", true, 60)),
                violation(
                        "I3: generation " + FAILED + " ended as FAILED and has 0 notifications",
                        "DELETE FROM notifications WHERE seq = 3",
                        "UPDATE user_streams SET last_seq = 2"),
                violation(
                        "I3: generation " + FAILED + " ended as FAILED and has 2 notifications",
                        notification(4, FAILED, "FAILED"),
                        "UPDATE user_streams SET last_seq = 4"),
                violation(
                        "I3: generation " + FAILED
                                + " is FAILED and belongs to mary, but its notification to mary has status COMPLETE",
                        "UPDATE notifications SET data = '{\"status\": \"COMPLETE\"}' WHERE seq = 3"),
                violation(
                        "I3: generation " + WAITING
                                + " is PENDING and belongs to mary, but its notification to mary has status COMPLETE",
                        notification(4, WAITING, "COMPLETE"),
                        "UPDATE user_streams SET last_seq = 4"),
                violation(
                        "I4: user mary has 2 notifications, numbered from 2 to 4, and the last assigned number is 4",
                        "UPDATE notifications SET seq = 4 WHERE seq = 3",
                        "UPDATE user_streams SET last_seq = 4"),
                violation(
                        "I4: user mary has 2 notifications, numbered from 2 to 3, and the last assigned number is 4",
                        "UPDATE user_streams SET last_seq = 4"),
                violation(
                        "I4: user mary has 2 notifications and no stream",
                        "DELETE FROM user_streams",
                        "TRUNCATE subscriber_cursors"),
                violation(
                        "I11: delivery " + id(6) + " is PENDING and has no row in the queue",
                        delivery("UPDATE webhook_deliveries SET status = 'PENDING', redeliveries = 1")),
                violation(
                        "I11: delivery " + id(6) + " is DELIVERED and still has a row in the queue",
                        delivery("INSERT INTO webhook_queue (delivery_id, partition_key, user_id) VALUES ('" + id(6)
                                + "', '" + id(5) + "', 'mary')")),
                violation(
                        "I11: delivery " + id(6) + " is FAILED, was redelivered 0 times and has 1 successful attempts",
                        delivery("UPDATE webhook_deliveries SET status = 'FAILED'")),
                violation(
                        "I11: delivery " + id(6) + " counts 3 attempts and has 2 recorded, numbered up to 2",
                        delivery("UPDATE webhook_deliveries SET attempts = 3")),
                violation(
                        "I11: delivery " + id(6) + " goes to webhook " + id(5)
                                + ", which belongs to bob and not to mary",
                        delivery("UPDATE webhooks SET user_id = 'bob'")),
                violation(
                        "I11: delivery " + id(6) + " delivers notification " + id(8) + ", which does not exist",
                        delivery("UPDATE webhook_deliveries SET notification_id = '" + id(8) + "'")),
                violation(
                        "I11: generation " + FAILED + " ended as FAILED and has no delivery to its webhookUrl",
                        "INSERT INTO generation_webhook_urls VALUES ('" + FAILED + "', 'https://hooks.example.org/')"),
                violation(
                        "I8: user mary has acknowledged 4 of 3 notifications", "UPDATE user_streams SET acked_seq = 4"),
                violation(
                        "I8: user mary has a subscriber that acknowledged 3, but the user acknowledged 2",
                        "UPDATE subscriber_cursors SET acked_seq = 3"),
                violation(
                        "I5: generation " + FAILED + " counts 7 failed attempts and has 1 recorded",
                        "UPDATE generations SET failed_attempts = 7 WHERE id = '" + FAILED + "'"),
                violation(
                        "I5: generation " + FAILED
                                + " counts 1 failed attempts and has 1 recorded, although its attempts were deleted",
                        "INSERT INTO generation_attempt_purges VALUES ('" + FAILED + "')"),
                violation(
                        "I5: generation " + WAITING
                                + " has 5 counted failures and 1 lost attempts in the queue, and 1 and 1 recorded",
                        "UPDATE generation_queue SET counted_failures = 5 WHERE generation_id = '" + WAITING + "'"),
                violation(
                        "I5: generation " + WAITING
                                + " has 1 counted failures and 0 lost attempts in the queue, and 1 and 1 recorded",
                        "UPDATE generation_queue SET lost_attempts = 0 WHERE generation_id = '" + WAITING + "'"),
                violation(
                        "I5: generation " + WAITING + " has 2 attempts, numbered from 1 to 3",
                        "UPDATE generation_attempts SET number = 3 WHERE number = 2 AND generation_id = '" + WAITING
                                + "'"),
                violation(
                        "I5: generation " + id(8) + " has attempt 1 and does not exist",
                        attempt(id(8), 1, "RETRYABLE", true, 60)),
                violation(
                        "I6: generation " + RUNNING + " is held by node " + NODE + ", which expired at ",
                        "INSERT INTO nodes VALUES ('" + id(8)
                                + "', 'x', 'x', now() - interval '1 h', now() + interval '1 h')",
                        "UPDATE nodes SET expires_at = now() - interval '11 s' WHERE id = '" + NODE + "'"),
                violation(
                        "I6: generation " + RUNNING + " is held by node " + NODE + ", which was removed",
                        "UPDATE nodes SET id = '" + id(8) + "'"),
                violation(
                        "I6: generation " + RUNNING + " has a running attempt on node " + NODE + " whose deadline was ",
                        "UPDATE generation_queue SET attempt_deadline = now() - interval '16 s' WHERE lease_owner IS NOT NULL"),
                violation(
                        "I7: generation " + WAITING + " has attempt 2 that started ",
                        "UPDATE generation_attempts SET started_at = started_at - interval '10 s'"
                                + " WHERE number = 2 AND generation_id = '" + WAITING + "'"),
                violation(
                        "I7: generation " + WAITING + " has attempt 2 with token 1 after token 1",
                        "UPDATE generation_attempts SET lease_token = 1 WHERE generation_id = '" + WAITING + "'"),
                violation(
                        "I7: generation " + WAITING + " has attempt 2 that ended before it started",
                        "UPDATE generation_attempts SET finished_at = started_at - interval '1 ms'"
                                + " WHERE number = 2 AND generation_id = '" + WAITING + "'"),
                violation(
                        "I7: generation " + RUNNING + " has a running attempt that started before attempt 1 ended",
                        "UPDATE generation_queue SET attempt_started_at = now() - interval '101 s' WHERE lease_owner IS NOT NULL"),
                violation(
                        "I7: generation " + WAITING + " is queued with token 1 after an attempt with token 2",
                        "UPDATE generation_queue SET lease_token = 1 WHERE generation_id = '" + WAITING + "'"),
                violation(
                        "images: generation " + COMPLETE + " is COMPLETE, requested 2 images and has 1",
                        "UPDATE generations SET image_count = 2 WHERE id = '" + COMPLETE + "'"),
                violation(
                        "images: generation " + COMPLETE + " is COMPLETE, requested 1 images and has 1",
                        "UPDATE images SET position = 1"),
                violation(
                        "files: generation " + COMPLETE + " has image " + KEY + ": file has 7 bytes instead of 8",
                        "UPDATE images SET bytes = 8"),
                violation(
                        "files: generation " + COMPLETE + " has image " + KEY
                                + ": SHA-256 of the file differs from the row",
                        "UPDATE images SET sha256 = 'ab'"),
                violation(
                        "files: generation " + COMPLETE + " has image 11/x.png: file missing",
                        "UPDATE images SET storage_key = '11/x.png'"),
                violation(
                        "files: generation " + COMPLETE + " has image ../x.png: file missing",
                        "UPDATE images SET storage_key = '../x.png'"));
    }

    private static Arguments violation(String sentence, String... statements) {
        return arguments(sentence, statements);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("violations")
    void reportsEachViolation(String sentence, String[] statements) {
        // given
        doctorFixture.execute(statements);

        // when
        DoctorReport doctorReport = doctorFixture.runDoctor();

        // then
        assertThat(doctorReport.problems()).anyMatch(problem -> problem.startsWith(sentence));
        assertThat(doctorReport.isConsistent()).isFalse();
        assertThat(doctorReport.toText())
                .contains("FAILED", sentence.substring(sentence.indexOf(' ') + 1), "What to do: ");
        assertThat(doctorReport.toJson().encode()).contains("\"consistent\":false", "FAILED");
    }

    @Test
    void toleratesASlightlyLateReaper() {
        // given
        doctorFixture.execute(
                "INSERT INTO nodes VALUES ('" + id(8) + "', 'x', 'x', now() - interval '1 h', now() + interval '1 h')",
                "UPDATE nodes SET expires_at = now() - interval '5 s' WHERE id = '" + NODE + "'",
                "UPDATE generation_queue SET attempt_deadline = now() - interval '6 s' WHERE lease_owner IS NOT NULL");

        // then
        assertThat(doctorFixture.runDoctor().problems()).isEmpty();
    }

    @Test
    void toleratesLeasesOfExpiredNodesWhileNoProcessRuns() {
        // given
        doctorFixture.execute("UPDATE nodes SET expires_at = now() - interval '10 min'");

        // when
        DoctorReport doctorReport = doctorFixture.runDoctor();

        // then
        assertThat(doctorReport.problems()).isEmpty();
        assertThat(doctorReport.notes())
                .containsExactly(
                        "no process with the role worker is running; 2 generations are queued," + " 1 of them leased");
    }

    @Test
    void notesQueuesWithoutAProcessOfTheirRole() {
        // given
        doctorFixture.execute(delivery("INSERT INTO webhook_queue (delivery_id, partition_key, user_id) VALUES ('"
                + id(6) + "', '" + id(5) + "', 'mary')"));
        doctorFixture.execute("UPDATE nodes SET roles = '{api}'");

        // then
        assertThat(doctorFixture.runDoctor().notes())
                .containsExactly(
                        "no process with the role worker is running; 2 generations are queued, 1 of them leased",
                        "no process with the role notifier is running; 1 deliveries are queued");
    }

    @Test
    void toleratesAttemptsDeletedByRetention() {
        // given
        doctorFixture.execute(
                "DELETE FROM generation_attempts WHERE generation_id IN ('" + COMPLETE + "', '" + FAILED + "')",
                "INSERT INTO generation_attempt_purges SELECT id FROM generations WHERE status <> 'PENDING'");

        // then
        assertThat(doctorFixture.runDoctor().problems()).isEmpty();
    }

    @Test
    void comparesContentOnlyInDeepChecks() {
        // given
        doctorFixture.write(KEY, "forgery", Duration.ofDays(1));

        // then
        assertThat(doctorFixture.runDoctor(false).problems()).isEmpty();
        assertThat(doctorFixture.runDoctor(true).problems()).hasSize(1);
    }

    @Test
    void reportsOrphanedFilesAsNote() {
        // given
        doctorFixture.write("11/" + id(5) + ".png", "orphan", Duration.ofHours(1));
        doctorFixture.write("11/" + id(6) + ".png", "its row may come", Duration.ZERO);
        doctorFixture.write(".incoming/" + id(6), "being written", Duration.ofHours(1));

        // when
        DoctorReport doctorReport = doctorFixture.runDoctor();

        // then
        assertThat(doctorReport.isConsistent()).isTrue();
        assertThat(doctorReport.notes())
                .singleElement()
                .asString()
                .startsWith("1 image files (6 bytes) have no row, for example 11/");
    }

    @Test
    void reportsACopyUnderAnotherKeyAsOrphan() {
        // given
        doctorFixture.write("22/" + id(7) + ".png", "content", Duration.ofHours(1));

        // then
        assertThat(doctorFixture.runDoctor().notes()).singleElement().asString().contains("22/" + id(7));
    }

    @Test
    void reportsTheFirstTwentyFindingsAndCountsTheRest() {
        // given
        doctorFixture.execute("INSERT INTO generations (id, user_id, prompt, width, height, image_count, seed)"
                + " SELECT gen_random_uuid(), 'mary', 'p', 64, 64, 1, 7 FROM generate_series(1, 5000)");

        // when
        DoctorReport doctorReport = doctorFixture.runDoctor();

        // then
        DoctorReport.CheckResult checkResult = doctorReport.results().get(0);
        assertThat(checkResult.totalFindings()).isEqualTo(5000);
        assertThat(checkResult.findings()).hasSize(20);
        assertThat(doctorReport.toText()).contains("and 4980 more");
    }

    @Test
    void checksImagesBeyondTheFirstPage() throws IOException {
        // given
        doctorFixture.execute(
                "DELETE FROM images",
                "INSERT INTO images SELECT gen_random_uuid(), '" + COMPLETE
                        + "', n, 'image/png', 1, 1, 1, 'x', '33/' || n || '.png' FROM generate_series(0, 4999) n",
                "UPDATE generations SET image_count = 5000 WHERE id = '" + COMPLETE + "'");
        Files.createDirectories(doctorFixture.images.resolve("33"));
        for (int i = 0; i < 4999; i++) {
            Files.writeString(doctorFixture.images.resolve("33/" + i + ".png"), "x");
        }

        // then
        assertThat(doctorFixture.runDoctor(false).problems())
                .containsExactly("files: generation " + COMPLETE + " has image 33/4999.png: file missing");
    }

    @Test
    void failsWithASingleLineWhenTablesAreMissing() {
        // given
        DatabaseUrl empty = TestPostgres.newDatabase();

        // then
        assertThatThrownBy(() -> DatabaseInvariants.runDoctor(
                        empty, doctorFixture.settings, new DatabaseDoctor.Options(false, Duration.ofSeconds(5))))
                .isInstanceOf(DatabaseException.class)
                .hasMessageEndingWith(
                        "does not have the tables of this version; the server creates them when it starts");
    }
}
