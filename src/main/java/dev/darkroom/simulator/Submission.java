package dev.darkroom.simulator;

import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.function.IntFunction;

/** A valid request for pictures and the ways to answer it. Event loop only. */
record Submission(ImagesRequest request, Wire wire, Studio studio, RequestLog.Submitted entry) {

    /** Answers with the first {@code count} pictures, in the form that was asked for. */
    void pictures(int count) {
        answer(count).send(wire);
    }

    /** The good answer with the first {@code count} pictures, in the form that was asked for. */
    Answer answer(int count) {
        return new Answer(
                Answer.JSON,
                () -> request.asUrl()
                        ? Future.succeededFuture(body(count, position -> link(position, List.of()))
                                .toBuffer())
                        : studio.base64Answer(request, count));
    }

    /** Answers with URLs of pictures of our own; each download meets {@code faults} first. */
    void urls(int count, List<Step> faults) {
        results(count, position -> link(position, faults));
    }

    private JsonObject link(int position, List<Step> faults) {
        return new JsonObject().put("url", studio.announce(request, position, faults, entry));
    }

    /** Answers with {@code count} results, whatever they are. */
    void results(int count, IntFunction<JsonObject> result) {
        wire.json(200, body(count, result));
    }

    private static JsonObject body(int count, IntFunction<JsonObject> result) {
        JsonArray data = new JsonArray();
        for (int position = 0; position < count; position++) {
            data.add(result.apply(position));
        }
        return new JsonObject().put("created", Instant.now().getEpochSecond()).put("data", data);
    }
}
