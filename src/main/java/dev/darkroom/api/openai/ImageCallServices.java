package dev.darkroom.api.openai;

import dev.darkroom.api.generation.GenerationClient;
import java.time.Duration;

/**
 * Services of the calls for images. Confined to the event loop of one verticle.
 *
 * @param maxWait maximum time of one wait for the end of a generation, at most {@code generation.maxWait}
 */
public record ImageCallServices(
        GenerationClient generations,
        OpenAiImageResponder responder,
        RetryAttachment retryAttachment,
        Duration maxWait) {}
