package dev.darkroom.simulator;

import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * A way to respond to a submission. A new fault needs a record here, or a {@link ResponseFault}, and an entry in
 * {@link FaultScriptParser}. {@link #apply} runs on the event loop after the delay. Immutable, except {@link RandomFault}.
 */
sealed interface Fault
        permits Fault.NoFault,
                Fault.NoImage,
                Fault.InvalidImage,
                Fault.TooFewImages,
                Fault.FixedUrl,
                Fault.UrlResult,
                RandomFault,
                ResponseFault {

    /** Returns a short constant description for the request log. */
    String describe();

    void apply(SimulatorSubmission submission);

    /** No fault: responds with the requested images. */
    record NoFault() implements Fault {
        @Override
        public String describe() {
            return "image";
        }

        @Override
        public void apply(SimulatorSubmission submission) {
            submission.sendImages(submission.request().count());
        }
    }

    /** Responds with success and no image. */
    record NoImage() implements Fault {
        @Override
        public String describe() {
            return "empty";
        }

        @Override
        public void apply(SimulatorSubmission submission) {
            submission.sendResults(0, position -> new JsonObject());
        }
    }

    /** Responds with Base64 of bytes that are no image. */
    record InvalidImage() implements Fault {
        @Override
        public String describe() {
            return "invalid image";
        }

        @Override
        public void apply(SimulatorSubmission submission) {
            JsonObject result = new JsonObject().put("b64_json", SimulatorImageRenderer.invalidImageBase64());
            submission.sendResults(submission.request().count(), position -> result);
        }
    }

    /** Responds with one image fewer than requested. */
    record TooFewImages() implements Fault {
        @Override
        public String describe() {
            return "one image fewer";
        }

        @Override
        public void apply(SimulatorSubmission submission) {
            submission.sendImages(submission.request().count() - 1);
        }
    }

    /** Responds with a URL from the script as each result. */
    record FixedUrl(String url) implements Fault {
        @Override
        public String describe() {
            return "url";
        }

        @Override
        public void apply(SimulatorSubmission submission) {
            submission.sendResults(submission.request().count(), position -> new JsonObject().put("url", url));
        }
    }

    /** Responds with URLs, independent of the requested format. {@code faults} are applied to the downloads of each image first. */
    record UrlResult(List<ScriptStep> faults) implements Fault {
        @Override
        public String describe() {
            return "url result";
        }

        @Override
        public void apply(SimulatorSubmission submission) {
            submission.sendUrls(submission.request().count(), faults);
        }
    }
}
