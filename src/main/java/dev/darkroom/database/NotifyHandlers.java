package dev.darkroom.database;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** The handlers of a {@link NotifyChannel} by topic. Thread-safe; handlers are called on the thread of the caller. */
final class NotifyHandlers {
    /** Separates a topic from its key. */
    static final char KEY_SEPARATOR = '/';

    private final Map<String, List<Consumer<String>>> handlersByTopic = new ConcurrentHashMap<>();

    void add(String topic, Consumer<String> handler) {
        handlersByTopic
                .computeIfAbsent(topic, key -> new CopyOnWriteArrayList<>())
                .add(handler);
    }

    /** Calls every handler with a null key. */
    void callAll() {
        handlersByTopic.keySet().forEach(topic -> call(topic, null));
    }

    /** @param topicAndKey a topic, optionally followed by {@link #KEY_SEPARATOR} and a key */
    void call(String topicAndKey) {
        int separator = topicAndKey.indexOf(KEY_SEPARATOR);
        if (separator < 0) {
            call(topicAndKey, null);
        } else {
            call(topicAndKey.substring(0, separator), topicAndKey.substring(separator + 1));
        }
    }

    void call(String topic, String key) {
        handlersByTopic.getOrDefault(topic, List.of()).forEach(handler -> handler.accept(key));
    }
}
