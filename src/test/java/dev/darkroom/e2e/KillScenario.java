package dev.darkroom.e2e;

import java.util.List;
import java.util.stream.Stream;

/**
 * A process that is killed with {@code kill -9} between two persisted steps of an attempt, and what the next process does.
 *
 * @param protocol type of the AI server
 * @param point fault injection point
 * @param submittedBefore submissions before the kill
 * @param submittedInTotal submissions until the generation ended
 * @param outcomes of the attempts
 * @param error code of the failed generation; null for a complete one
 */
public record KillScenario(
        String protocol, String point, int submittedBefore, int submittedInTotal, List<String> outcomes, String error) {
    private static final List<String> REPEATED = List.of("LOST", "SUCCEEDED");
    private static final List<String> DONE = List.of("SUCCEEDED");
    private static final List<String> GIVEN_UP = List.of("LOST", "RETRYABLE");

    /** Points in the order of an attempt. */
    public static final List<String> POINTS =
            List.of("BEFORE_CALL", "AFTER_ACCEPT", "AFTER_RESPONSE", "BEFORE_COMMIT", "AFTER_COMMIT");

    /** Returns the scenarios of all protocols. */
    public static Stream<KillScenario> all() {
        return Stream.of(
                        withoutLookUp("openai"),
                        withoutLookUp("automatic1111"),
                        withoutLookUp("cog"),
                        repeatedWithoutId("sd_server"),
                        metered("fal"),
                        metered("replicate"),
                        metered("bfl"),
                        meteredWithoutLookUp("stability"),
                        withLookUp("comfyui"),
                        withLookUp("callback"))
                .flatMap(scenarios -> scenarios);
    }

    /** The next process submits again, as {@code onAmbiguous: retry} says. */
    private static Stream<KillScenario> withoutLookUp(String protocol) {
        return Stream.of(
                new KillScenario(protocol, "BEFORE_CALL", 0, 1, REPEATED, null),
                new KillScenario(protocol, "AFTER_RESPONSE", 1, 2, REPEATED, null),
                new KillScenario(protocol, "BEFORE_COMMIT", 1, 2, REPEATED, null),
                new KillScenario(protocol, "AFTER_COMMIT", 1, 1, DONE, null));
    }

    /** The next process looks up the id of the AI server, and submits again without one, as {@code onAmbiguous: retry} says. */
    private static Stream<KillScenario> repeatedWithoutId(String protocol) {
        return Stream.of(
                new KillScenario(protocol, "BEFORE_CALL", 0, 1, REPEATED, null),
                new KillScenario(protocol, "AFTER_ACCEPT", 1, 2, REPEATED, null),
                new KillScenario(protocol, "AFTER_RESPONSE", 1, 1, REPEATED, null),
                new KillScenario(protocol, "BEFORE_COMMIT", 1, 1, REPEATED, null),
                new KillScenario(protocol, "AFTER_COMMIT", 1, 1, DONE, null));
    }

    /** The next process gives up, as {@code onAmbiguous: fail} says. */
    private static Stream<KillScenario> meteredWithoutLookUp(String protocol) {
        return Stream.of(
                new KillScenario(protocol, "BEFORE_CALL", 0, 0, GIVEN_UP, "OUTCOME_UNKNOWN"),
                new KillScenario(protocol, "AFTER_RESPONSE", 1, 1, GIVEN_UP, "OUTCOME_UNKNOWN"),
                new KillScenario(protocol, "BEFORE_COMMIT", 1, 1, GIVEN_UP, "OUTCOME_UNKNOWN"),
                new KillScenario(protocol, "AFTER_COMMIT", 1, 1, DONE, null));
    }

    /** The next process looks up the key of the submission. */
    private static Stream<KillScenario> withLookUp(String protocol) {
        return Stream.of(
                new KillScenario(protocol, "BEFORE_CALL", 0, 1, REPEATED, null),
                new KillScenario(protocol, "AFTER_ACCEPT", 1, 1, REPEATED, null),
                new KillScenario(protocol, "AFTER_RESPONSE", 1, 1, REPEATED, null),
                new KillScenario(protocol, "BEFORE_COMMIT", 1, 1, REPEATED, null),
                new KillScenario(protocol, "AFTER_COMMIT", 1, 1, DONE, null));
    }

    /** The next process looks up the id of the AI server, and gives up without one, as {@code onAmbiguous: fail} says. */
    private static Stream<KillScenario> metered(String protocol) {
        return Stream.of(
                new KillScenario(protocol, "BEFORE_CALL", 0, 0, GIVEN_UP, "OUTCOME_UNKNOWN"),
                new KillScenario(protocol, "AFTER_ACCEPT", 1, 1, GIVEN_UP, "OUTCOME_UNKNOWN"),
                new KillScenario(protocol, "AFTER_RESPONSE", 1, 1, REPEATED, null),
                new KillScenario(protocol, "BEFORE_COMMIT", 1, 1, REPEATED, null),
                new KillScenario(protocol, "AFTER_COMMIT", 1, 1, DONE, null));
    }

    @Override
    public String toString() {
        return protocol + " " + point;
    }
}
