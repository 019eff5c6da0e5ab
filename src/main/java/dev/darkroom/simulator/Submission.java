package dev.darkroom.simulator;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.function.IntFunction;

/** A valid request for pictures and the ways to answer it. Event loop only. */
record Submission(ImagesRequest request, Wire wire, Studio studio) {

    /** Answers with the first {@code count} pictures, in the form that was asked for. */
    void pictures(int count) {
        if (request.asUrl()) {
            urls(count, List.of());
            return;
        }
        studio.base64Answer(request, count)
                .onSuccess(body -> wire.send(200, "application/json", body))
                .onFailure(wire::broken);
    }

    /** Answers with URLs of pictures of our own; each download meets {@code faults} first. */
    void urls(int count, List<Step> faults) {
        results(count, position -> new JsonObject().put("url", studio.announce(request, position, faults)));
    }

    /** Answers with {@code count} results, whatever they are. */
    void results(int count, IntFunction<JsonObject> result) {
        JsonArray data = new JsonArray();
        for (int position = 0; position < count; position++) {
            data.add(result.apply(position));
        }
        wire.json(
                200,
                new JsonObject().put("created", Instant.now().getEpochSecond()).put("data", data));
    }
}
