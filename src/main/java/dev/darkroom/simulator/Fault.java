package dev.darkroom.simulator;

import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * One way to answer a submission. A new fault is a record here, or a {@link ResponseFault}, and a line in {@link FaultScriptParser}.
 * {@code play} runs on the event loop, after the delay. Immutable, but for {@link RandomFault}.
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

    /** What is done, for the request log: short, and the same every time. */
    String describe();

    void apply(SimulatorSubmission simulatorSubmission);

    /** No fault: the pictures that were asked for. */
    record NoFault() implements Fault {
        @Override
        public String describe() {
            return "picture";
        }

        @Override
        public void apply(SimulatorSubmission simulatorSubmission) {
            simulatorSubmission.sendImages(simulatorSubmission.request().count());
        }
    }

    /** A success without a picture. */
    record NoImage() implements Fault {
        @Override
        public String describe() {
            return "empty";
        }

        @Override
        public void apply(SimulatorSubmission simulatorSubmission) {
            simulatorSubmission.sendResults(0, position -> new JsonObject());
        }
    }

    /** Base64 of something else. */
    record InvalidImage() implements Fault {
        @Override
        public String describe() {
            return "not a picture";
        }

        @Override
        public void apply(SimulatorSubmission simulatorSubmission) {
            JsonObject result = new JsonObject().put("b64_json", SimulatorImageRenderer.invalidImageBase64());
            simulatorSubmission.sendResults(simulatorSubmission.request().count(), position -> result);
        }
    }

    /** One picture fewer than asked for. */
    record TooFewImages() implements Fault {
        @Override
        public String describe() {
            return "one picture fewer";
        }

        @Override
        public void apply(SimulatorSubmission simulatorSubmission) {
            simulatorSubmission.sendImages(simulatorSubmission.request().count() - 1);
        }
    }

    /** A URL of the script's choosing as each result. */
    record FixedUrl(String url) implements Fault {
        @Override
        public String describe() {
            return "url";
        }

        @Override
        public void apply(SimulatorSubmission simulatorSubmission) {
            simulatorSubmission.sendResults(
                    simulatorSubmission.request().count(), position -> new JsonObject().put("url", url));
        }
    }

    /** URLs whatever was asked for; the download of each picture meets {@code faults} first. */
    record UrlResult(List<ScriptStep> faults) implements Fault {
        @Override
        public String describe() {
            return "url result";
        }

        @Override
        public void apply(SimulatorSubmission simulatorSubmission) {
            simulatorSubmission.sendUrls(simulatorSubmission.request().count(), faults);
        }
    }
}
