package dev.darkroom.api.body;

import dev.darkroom.api.body.Form.Field;
import dev.darkroom.api.problem.Problem;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Receives a form. Stores each file before it receives the next one, so the memory holds one file. Deletes the files of a rejected form. For
 * the event loop of the request.
 */
public final class FormReader {
    private static final String LIST_SUFFIX = "[]";

    private final FormLimits limits;
    private final Map<String, Field> fields;
    private final FormFiles store;
    private final RequestBodyReceiver receiver;
    private final FormDecoder decoder;
    private final RequestBodyMemory memory = new RequestBodyMemory();
    private final Promise<Form> result = Promise.promise();
    private final Form form = new Form(new JsonObject(), new LinkedHashMap<>());
    private final Deque<FormPart> waiting = new ArrayDeque<>();
    private long textBytes;
    private boolean storing;
    private boolean failed;

    /**
     * Limits of a form.
     *
     * @param maxTextBytes maximum size of all texts together
     * @param file limits of each file; its time starts after the previous file was stored
     */
    public record FormLimits(int maxTextBytes, RequestBodyLimits file) {
        /** Returns the limits of a body with this number of files. */
        RequestBodyLimits body(int files) {
            long bytes = maxTextBytes + (long) file.maxBytes() * files;
            return new RequestBodyLimits((int) Math.min(Integer.MAX_VALUE, bytes), file.timeout());
        }
    }

    private FormReader(
            Vertx vertx, HttpServerRequest request, FormLimits limits, Map<String, Field> fields, FormFiles store) {
        this.limits = limits;
        this.fields = fields;
        this.store = store;
        this.decoder = new FormDecoder(request.getHeader(HttpHeaders.CONTENT_TYPE));
        int maxFiles = fields.values().stream()
                .filter(Field::file)
                .mapToInt(Field::maxValues)
                .sum();
        this.receiver = new RequestBodyReceiver(vertx, request, limits.body(maxFiles), new Decoding());
    }

    /**
     * Reads the whole form. Must be called before the handler of the request returns.
     *
     * @param fields fields that are not a single text
     * @return fails with a {@link Problem} for a rejected form, and with {@link HttpClosedException} when the client disconnects; no file is
     *     stored then
     * @throws Problem when the request has no boundary
     */
    public static Future<Form> read(
            Vertx vertx, HttpServerRequest request, FormLimits limits, Map<String, Field> fields, FormFiles store) {
        FormReader reader = new FormReader(vertx, request, limits, fields, store);
        reader.receiver.start();
        return reader.result.future();
    }

    private final class Decoding implements RequestBodyReceiver.Consumer {
        @Override
        public void onData(Buffer data) {
            try {
                decoder.decode(data).forEach(FormReader.this::add);
                checkOpenPart();
                reserveMemory();
            } catch (Problem problem) {
                receiver.reject(problem);
                return;
            }
            if (!waiting.isEmpty()) {
                receiver.pause();
                storeNext();
            }
        }

        @Override
        public void onEnd() {
            try {
                decoder.end();
            } catch (Problem problem) {
                fail(problem);
                return;
            }
            close();
            result.complete(form);
        }

        @Override
        public void onFailure(Throwable failure) {
            fail(failure);
        }
    }

    private void fail(Throwable failure) {
        failed = true;
        close();
        store.discardAll(form.files());
        result.tryFail(failure);
    }

    private void close() {
        waiting.clear();
        decoder.close();
        if (!storing) {
            memory.release();
        }
    }

    private String fieldOf(String name) {
        String base = name.endsWith(LIST_SUFFIX) ? name.substring(0, name.length() - LIST_SUFFIX.length()) : name;
        return fields.containsKey(base) && fields.get(base).list() ? base : name;
    }

    private void add(FormPart part) {
        String name = fieldOf(part.name());
        Field field = fields.getOrDefault(name, Field.TEXT);
        if (field.file()) {
            checkFile(name, field, part.content().length);
            waiting.add(part);
            return;
        }
        if (part.file()) {
            throw Problem.invalid("#/" + name, "must not be a file");
        }
        textBytes += part.content().length;
        checkTexts(textBytes);
        put(name, field, part.text());
    }

    /** Limits the part that is not complete yet. */
    private void checkOpenPart() {
        String name = decoder.openName();
        if (name == null) {
            return;
        }
        String fieldName = fieldOf(name);
        Field field = fields.getOrDefault(fieldName, Field.TEXT);
        if (field.file()) {
            if (decoder.openBytes() > limits.file().maxBytes()) {
                throw fileTooLarge(fieldName);
            }
        } else {
            checkTexts(textBytes + decoder.openBytes());
        }
    }

    private void checkFile(String name, Field field, int bytes) {
        long earlier = waiting.stream()
                        .filter(part -> fieldOf(part.name()).equals(name))
                        .count()
                + form.files().getOrDefault(name, List.of()).size();
        if (earlier == field.maxValues()) {
            throw Problem.invalid(
                    "#/" + name,
                    field.maxValues() == 1
                            ? "must not be given more than once"
                            : "must have at most " + field.maxValues() + " files");
        }
        if (bytes == 0) {
            throw Problem.invalid("#/" + name, "must not be an empty file");
        }
        if (bytes > limits.file().maxBytes()) {
            throw fileTooLarge(name);
        }
    }

    private Problem fileTooLarge(String name) {
        return Problem.tooLarge(
                413,
                "The file of '" + name + "' may have at most " + limits.file().maxBytes() + " bytes.");
    }

    private void checkTexts(long bytes) {
        if (bytes > limits.maxTextBytes()) {
            throw Problem.tooLarge(413, "The texts of the form may have at most " + limits.maxTextBytes() + " bytes.");
        }
    }

    private void put(String name, Field field, String value) {
        if (field.list()) {
            if (!form.values().containsKey(name)) {
                form.values().put(name, new JsonArray());
            }
            form.values().getJsonArray(name).add(value);
        } else if (form.values().containsKey(name)) {
            throw Problem.invalid("#/" + name, "must not be given more than once");
        } else {
            form.values().put(name, value);
        }
    }

    private void reserveMemory() {
        long files = waiting.stream().mapToLong(part -> part.content().length).sum();
        memory.resize(textBytes + files + decoder.openBytes());
    }

    private void storeNext() {
        FormPart part = waiting.peek();
        if (failed || part == null) {
            storing = false;
            if (failed) {
                memory.release();
            } else {
                receiver.resume();
            }
            return;
        }
        storing = true;
        String name = fieldOf(part.name());
        Future.succeededFuture()
                .compose(start -> store.store(name, part.mediaType(), part.buffer()))
                .onSuccess(file -> {
                    if (failed) {
                        store.discard(file);
                    } else {
                        waiting.remove();
                        form.files()
                                .computeIfAbsent(name, first -> new ArrayList<>())
                                .add(file);
                        put(name, fields.get(name), file.sha256());
                    }
                    storeNext();
                })
                .onFailure(failure -> {
                    waiting.clear();
                    receiver.reject(failure instanceof Problem problem ? problem : Problem.internalError());
                    storeNext();
                });
    }
}
