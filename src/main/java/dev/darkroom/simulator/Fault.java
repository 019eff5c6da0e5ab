package dev.darkroom.simulator;

import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * One way to answer a submission. A new fault is a record here, or a {@link WireFault}, and a line in {@link FaultParser}.
 * {@code play} runs on the event loop, after the delay. Immutable, but for {@link Chance}.
 */
sealed interface Fault
        permits Fault.None, Fault.Empty, Fault.NotAPicture, Fault.Fewer, Fault.Url, Fault.UrlResult, Chance, WireFault {

    /** What is done, for the request log: short, and the same every time. */
    String describe();

    void play(Submission submission);

    /** No fault: the pictures that were asked for. */
    record None() implements Fault {
        @Override
        public String describe() {
            return "picture";
        }

        @Override
        public void play(Submission submission) {
            submission.pictures(submission.request().count());
        }
    }

    /** A success without a picture. */
    record Empty() implements Fault {
        @Override
        public String describe() {
            return "empty";
        }

        @Override
        public void play(Submission submission) {
            submission.results(0, position -> new JsonObject());
        }
    }

    /** Base64 of something else. */
    record NotAPicture() implements Fault {
        @Override
        public String describe() {
            return "not a picture";
        }

        @Override
        public void play(Submission submission) {
            JsonObject result = new JsonObject().put("b64_json", Studio.notAPicture());
            submission.results(submission.request().count(), position -> result);
        }
    }

    /** One picture fewer than asked for. */
    record Fewer() implements Fault {
        @Override
        public String describe() {
            return "one picture fewer";
        }

        @Override
        public void play(Submission submission) {
            submission.pictures(submission.request().count() - 1);
        }
    }

    /** A URL of the script's choosing as each result. */
    record Url(String url) implements Fault {
        @Override
        public String describe() {
            return "url";
        }

        @Override
        public void play(Submission submission) {
            submission.results(submission.request().count(), position -> new JsonObject().put("url", url));
        }
    }

    /** URLs whatever was asked for; the download of each picture meets {@code faults} first. */
    record UrlResult(List<Step> faults) implements Fault {
        @Override
        public String describe() {
            return "url result";
        }

        @Override
        public void play(Submission submission) {
            submission.urls(submission.request().count(), faults);
        }
    }
}
