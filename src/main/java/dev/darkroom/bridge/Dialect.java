package dev.darkroom.bridge;

import io.vertx.core.eventbus.Message;
import io.vertx.core.json.JsonObject;

/**
 * What frames look like: the Vert.x bridges of SockJS and of TCP say the same in slightly different words
 * (<a href="https://vertx.io/docs/vertx-web/java/#_sockjs_event_bus_bridge">SockJS</a>,
 * <a href="https://vertx.io/docs/vertx-tcp-eventbus-bridge/java/">TCP</a>), and existing clients know these.
 */
enum Dialect {
    SOCKJS {
        @Override
        JsonObject event(Message<?> message) {
            JsonObject frame = frame("rec", message);
            if (message.headers().isEmpty()) {
                frame.remove("headers");
            }
            return frame;
        }

        @Override
        JsonObject error(String code) {
            return new JsonObject().put("type", "err").put("body", code);
        }

        @Override
        JsonObject pong() {
            return null;
        }
    },
    TCP {
        @Override
        JsonObject event(Message<?> message) {
            return frame("message", message).put("send", message.isSend());
        }

        @Override
        JsonObject error(String code) {
            return new JsonObject().put("type", "err").put("message", code);
        }

        @Override
        JsonObject pong() {
            return new JsonObject().put("type", "pong");
        }
    };

    abstract JsonObject event(Message<?> message);

    abstract JsonObject error(String code);

    /** The answer to a ping; null for none. */
    abstract JsonObject pong();

    private static JsonObject frame(String type, Message<?> message) {
        JsonObject headers = new JsonObject();
        message.headers().forEach(headers::put);
        return new JsonObject()
                .put("type", type)
                .put("address", message.address())
                .put("headers", headers)
                .put("body", message.body());
    }
}
