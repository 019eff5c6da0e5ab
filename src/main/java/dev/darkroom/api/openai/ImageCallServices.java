package dev.darkroom.api.openai;

import dev.darkroom.api.generation.GenerationClient;
import dev.darkroom.api.stream.StreamRegistry;
import dev.darkroom.config.Settings;
import java.time.Duration;

/**
 * Services of the calls for images. Confined to the event loop of one verticle.
 *
 * @param waitingCalls connections of calls that wait
 * @param timings limits of the calls
 */
public record ImageCallServices(
        GenerationClient generations,
        OpenAiImageResponder responder,
        RetryAttachment retryAttachment,
        StreamRegistry waitingCalls,
        Timings timings) {

    /**
     * Limits of calls.
     *
     * @param maxWait maximum time of one wait for the end of a generation, at most {@code generation.maxWait}
     * @param deadline maximum time of a call: the generation has ended by then
     * @param jsonKeepAlive interval of white space before a JSON body; zero for none
     */
    public record Timings(Duration maxWait, Duration deadline, Duration jsonKeepAlive) {
        /** Time after the deadline of a generation for its end to be stored. */
        private static final Duration DEADLINE_MARGIN = Duration.ofMinutes(1);

        public static Timings of(Settings settings) {
            return new Timings(
                    settings.generation().maxWait(),
                    settings.generation().deadline().plus(DEADLINE_MARGIN),
                    settings.openai().jsonKeepAlive());
        }
    }
}
