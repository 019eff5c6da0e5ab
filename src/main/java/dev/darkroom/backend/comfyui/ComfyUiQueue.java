package dev.darkroom.backend.comfyui;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * Queue of a ComfyUI, parsed from {@code {"queue_running": [[number, id, …]], "queue_pending": […]}}. Skips the workflows in it,
 * which are its largest part. Immutable.
 */
record ComfyUiQueue(List<Entry> running, List<Entry> pending) {
    private static final JsonFactory JSON = new JsonFactory();

    /** @param number the server executes jobs in ascending order of their numbers */
    record Entry(double number, String id) {}

    /**
     * Parses a queue.
     *
     * @throws IOException when the body is no queue
     */
    static ComfyUiQueue parse(InputStream body) throws IOException {
        List<Entry> running = null;
        List<Entry> pending = null;
        try (JsonParser parser = JSON.createParser(body)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("not a JSON object");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String field = parser.currentName();
                boolean list = parser.nextToken() == JsonToken.START_ARRAY;
                if (list && field.equals("queue_running")) {
                    running = readEntries(parser);
                } else if (list && field.equals("queue_pending")) {
                    pending = readEntries(parser);
                } else {
                    parser.skipChildren();
                }
            }
        }
        if (running == null || pending == null) {
            throw new IOException("no queue");
        }
        return new ComfyUiQueue(running, pending);
    }

    private static List<Entry> readEntries(JsonParser parser) throws IOException {
        List<Entry> entries = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() != JsonToken.START_ARRAY
                    || !parser.nextToken().isNumeric()) {
                throw new IOException("not an entry of a queue");
            }
            double number = parser.getDoubleValue();
            entries.add(new Entry(number, parser.nextTextValue()));
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                parser.skipChildren();
            }
        }
        return entries;
    }

    /** Returns the state of a job. */
    ComfyUiJob find(String id) {
        if (running.stream().anyMatch(entry -> id.equals(entry.id()))) {
            return new ComfyUiJob.Running();
        }
        for (Entry entry : pending) {
            if (id.equals(entry.id())) {
                long ahead = pending.stream()
                        .filter(other -> other.number() < entry.number())
                        .count();
                return new ComfyUiJob.Waiting(running.size() + (int) ahead);
            }
        }
        return new ComfyUiJob.Absent();
    }
}
