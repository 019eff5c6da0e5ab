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

/** A generation's story, as its rows tell it. */
@Tag("database")
class GenerationTimelineTest {
    @RegisterExtension
    static final DoctorFixture doctorFixture = new DoctorFixture();

    private static String story(String id) {
        return GenerationTimeline.describe(UUID.fromString(id), doctorFixture.url, doctorFixture.settings, false)
                .orElseThrow();
    }

    @Test
    void ofWhatIsComplete() {
        assertThat(story(COMPLETE).lines())
                .anyMatch(line -> line.equals("Generation " + COMPLETE + " of user mary: COMPLETE"))
                .anyMatch(line -> line.endsWith("Z  accepted: 1 picture of 64 x 64, seed 7, a prompt of 12 characters"
                        + " (--prompt shows it)"))
                .anyMatch(line ->
                        line.endsWith("attempt 1 began, on node " + NODE + " with backend default, under token 1"))
                .anyMatch(line -> line.endsWith(
                        "attempt 1 ended RETRYABLE after 5.000 s: SERVER_ERROR, SERVER_ERROR (HTTP 500). It failed."))
                .anyMatch(line -> line.endsWith("  counted: it used up one of the attempts"))
                .anyMatch(line -> line.endsWith("attempt 2 succeeded after 5.000 s"))
                .anyMatch(line -> line.contains("picture 1: " + KEY + ", image/png, 64 x 64, 7 bytes"))
                .anyMatch(line -> line.endsWith("Z  COMPLETE 2 min 0 s after it was accepted"))
                .last()
                .asString()
                .endsWith("Z  its user was told, by notification 2, which a device has acknowledged");
    }

    @Test
    void ofWhatFailed() {
        assertThat(story(FAILED))
                .contains("FAILED 2 min 0 s after it was accepted: MODERATED, last failure MODERATED. Refused."
                        + " Posting it again as it is will not help.")
                .endsWith("its user was told, by notification 3, which no device has acknowledged");
    }

    @Test
    void ofWhatWaits() {
        assertThat(story(WAITING))
                .contains("not counted: the process that made it died")
                .contains("and waits for a worker with a free place")
                .contains("1 of 5 counted failures, 0 of 20 uncounted ones and 1 of 5 lost attempts are used up")
                .containsPattern(
                        "if it has not ended by .*, in (9|10) min \\d+ s, it ends FAILED with DEADLINE_EXCEEDED");
    }

    @Test
    void ofWhatIsDueLater() {
        // given
        doctorFixture.execute("UPDATE generation_queue SET run_at = now() + interval '90 s'");

        // then
        assertThat(story(WAITING)).containsPattern("it waits and is due in 8\\d\\.\\d+ s, at 2");
    }

    @Test
    void ofWhatIsUnderWay() {
        assertThat(story(RUNNING))
                .contains("an attempt began, on node " + NODE + " at here with backend default, under token 2")
                .contains("it is under way and is broken off at ");
    }

    @Test
    void ofWhatADeadNodeHolds() {
        // given
        doctorFixture.execute("UPDATE nodes SET expires_at = now()");

        // then
        assertThat(story(RUNNING))
                .contains("has not been heard of since")
                .contains("the next sweep of another process ends the attempt as LOST")
                .contains("no process is at work: nothing happens until one starts");
    }

    @Test
    void ofWhatIsLost() {
        // given
        doctorFixture.execute("DELETE FROM generation_queue");

        // then
        assertThat(story(WAITING)).endsWith("it has no row in the queue: nobody will work on it, run doctor");
    }

    @Test
    void thePromptIsShownWhenAskedForAndCannotSpeakToTheTerminal() {
        // given
        doctorFixture.execute("UPDATE generations SET prompt = E'" + PROMPT + "\\n\\x1b[2J'");
        UUID id = UUID.fromString(COMPLETE);

        // then
        assertThat(story(COMPLETE)).doesNotContain(PROMPT);
        assertThat(GenerationTimeline.describe(id, doctorFixture.url, doctorFixture.settings, true)
                        .orElseThrow())
                .contains('"' + PROMPT + "??[2J\"");
    }

    @Test
    void thereIsNoneOfWhatDoesNotExist() {
        assertThat(GenerationTimeline.describe(UUID.fromString(id(8)), doctorFixture.url, doctorFixture.settings, true))
                .isEmpty();
    }
}
