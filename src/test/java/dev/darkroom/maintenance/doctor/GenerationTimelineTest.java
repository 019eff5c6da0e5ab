package dev.darkroom.maintenance.doctor;

import static dev.darkroom.maintenance.doctor.DoctorFixture.COMPLETE;
import static dev.darkroom.maintenance.doctor.DoctorFixture.FAILED;
import static dev.darkroom.maintenance.doctor.DoctorFixture.KEY;
import static dev.darkroom.maintenance.doctor.DoctorFixture.NODE;
import static dev.darkroom.maintenance.doctor.DoctorFixture.PROMPT;
import static dev.darkroom.maintenance.doctor.DoctorFixture.RUNNING;
import static dev.darkroom.maintenance.doctor.DoctorFixture.WAITING;
import static dev.darkroom.maintenance.doctor.DoctorFixture.id;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests the description of generations in each state. */
@Tag("database")
class GenerationTimelineTest {
    @RegisterExtension
    static final DoctorFixture doctorFixture = new DoctorFixture();

    private static String describe(String id) {
        return GenerationTimeline.describe(UUID.fromString(id), doctorFixture.url, doctorFixture.settings, false)
                .orElseThrow();
    }

    @Test
    void describesACompleteGeneration() {
        assertThat(describe(COMPLETE).lines())
                .anyMatch(line -> line.equals("Generation " + COMPLETE + " of user mary: COMPLETE"))
                .anyMatch(line -> line.endsWith(
                        "Z  accepted: 1 image of 64 x 64, seed 7, a prompt of 12 characters" + " (--prompt shows it)"))
                .anyMatch(line -> line.endsWith("attempt 1 started on node " + NODE + ", backend default, token 1"))
                .anyMatch(line -> line.endsWith(
                        "attempt 1 ended RETRYABLE after 5.000 s: SERVER_ERROR, SERVER_ERROR (HTTP 500). It failed."))
                .anyMatch(line -> line.endsWith("  counted against the limit of attempts"))
                .anyMatch(line -> line.endsWith("attempt 2 succeeded after 5.000 s"))
                .anyMatch(line -> line.contains("image 1: " + KEY + ", image/png, 64 x 64, 7 bytes"))
                .anyMatch(line -> line.endsWith("Z  COMPLETE 2 min 0 s after acceptance"))
                .last()
                .asString()
                .endsWith("Z  user notified by notification 2, acknowledged");
    }

    @Test
    void describesAFailedGeneration() {
        assertThat(describe(FAILED))
                .contains("FAILED 2 min 0 s after acceptance: MODERATED, last failure MODERATED. Refused."
                        + " Repeating the same request will not succeed.")
                .endsWith("user notified by notification 3, not acknowledged");
    }

    @Test
    void describesAQueuedGeneration() {
        assertThat(describe(WAITING))
                .contains("not counted: the node expired")
                .contains("waiting for a free worker")
                .contains("so far 1 of 5 counted failures, 0 of 20 uncounted failures and 1 of 5 lost attempts")
                .containsPattern("deadline at .*, in (9|10) min \\d+ s; then it fails with DEADLINE_EXCEEDED");
    }

    @Test
    void describesAGenerationThatIsDueLater() {
        // given
        doctorFixture.execute("UPDATE generation_queue SET run_at = now() + interval '90 s'");

        // then
        assertThat(describe(WAITING)).containsPattern("queued, due in 8\\d\\.\\d+ s, at 2");
    }

    @Test
    void describesARunningAttempt() {
        assertThat(describe(RUNNING))
                .contains("attempt started on node " + NODE + " (host here), backend default, token 2")
                .contains("attempt running, aborted at ");
    }

    @Test
    void describesALeaseOfAnExpiredNode() {
        // given
        doctorFixture.execute("UPDATE nodes SET expires_at = now()");

        // then
        assertThat(describe(RUNNING))
                .contains("node expired, last heartbeat at ")
                .contains("the reaper of another process records the attempt as LOST")
                .contains("no process with the role worker is running: it waits until one starts");
    }

    @Test
    void describesAMissingWorker() {
        // given
        doctorFixture.execute("UPDATE nodes SET roles = '{api,notifier}'");

        // then
        assertThat(describe(WAITING)).endsWith("no process with the role worker is running: it waits until one starts");
    }

    @Test
    void describesAPendingGenerationWithoutQueueRow() {
        // given
        doctorFixture.execute("DELETE FROM generation_queue");

        // then
        assertThat(describe(WAITING)).endsWith("no queue row: no worker will process it, run doctor");
    }

    @Test
    void showsThePromptOnRequestWithoutControlCharacters() {
        // given
        doctorFixture.execute("UPDATE generations SET prompt = E'" + PROMPT + "\\n\\x1b[2J'");
        UUID id = UUID.fromString(COMPLETE);

        // then
        assertThat(describe(COMPLETE)).doesNotContain(PROMPT);
        assertThat(GenerationTimeline.describe(id, doctorFixture.url, doctorFixture.settings, true)
                        .orElseThrow())
                .contains('"' + PROMPT + "??[2J\"");
    }

    @Test
    void returnsEmptyForAnUnknownGeneration() {
        assertThat(GenerationTimeline.describe(UUID.fromString(id(8)), doctorFixture.url, doctorFixture.settings, true))
                .isEmpty();
    }
}
