package dev.darkroom.api.openai;

import dev.darkroom.generation.GenerationSpec;

/**
 * Request of the OpenAI API for images. Immutable.
 *
 * @param spec the generation
 * @param responseFormat form of the images in the response
 * @param stream whether the response is a stream of events
 */
record OpenAiImageRequest(GenerationSpec spec, ResponseFormat responseFormat, boolean stream) {
    /** Form of images in a response. */
    enum ResponseFormat {
        B64_JSON,
        URL
    }
}
