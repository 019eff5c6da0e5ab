package dev.darkroom.simulator.fal;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.UUID;

/** A request in the queue of fal. Mutable; used on one event loop. */
final class StoredRequest {
    private final String id = UUID.randomUUID().toString();
    private final String url;
    private boolean started;
    private boolean polled;
    private FalOutput output;

    /** @param appUrl URL of the app in the queue, with its owner and name only */
    StoredRequest(String appUrl) {
        this.url = appUrl + "/requests/" + id;
    }

    String id() {
        return id;
    }

    /** Returns null while the request waits or runs. */
    FalOutput output() {
        return output;
    }

    /** Ends the request, unless it has ended before. */
    void end(FalOutput result) {
        if (output == null) {
            output = result;
        }
    }

    /** Records a request for the state. It is the first one that still finds the request in the queue. */
    void poll() {
        started = polled;
        polled = true;
    }

    /** Has {@code logs} also when the client wants none: {@code fal-client} 1.0.3 reads them. */
    JsonObject toJson() {
        JsonObject json = new JsonObject().put("status", status()).put("request_id", id);
        if (output == null && !started) {
            json.put("queue_position", 0);
        } else {
            json.put("logs", new JsonArray());
        }
        if (output != null) {
            json.put("metrics", new JsonObject().put("inference_time", 0.1));
        }
        return json.put("response_url", url).put("status_url", url + "/status").put("cancel_url", url + "/cancel");
    }

    private String status() {
        return output != null ? "COMPLETED" : started ? "IN_PROGRESS" : "IN_QUEUE";
    }
}
