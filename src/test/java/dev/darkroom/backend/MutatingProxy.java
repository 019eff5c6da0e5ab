package dev.darkroom.backend;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.BiFunction;

/** Forwards requests to a server, also those to URLs in its JSON, and replaces one value in the first JSON response of one kind. */
final class MutatingProxy implements AutoCloseable {
    private static final String MARKER = "value to replace";
    private static final Mutation NONE = new Mutation("", "", "");

    private final HttpClient client;
    private final HttpServer server;
    private final URI target;
    private final Map<String, List<String>> values = new ConcurrentSkipListMap<>();
    private volatile Mutation mutation = NONE;

    private record Mutation(String route, String path, String replacement) {}

    MutatingProxy(Vertx vertx, URI target) {
        this.target = target;
        this.client = vertx.createHttpClient();
        this.server = BackendFixture.get(
                vertx.createHttpServer().requestHandler(this::forward).listen(0, "127.0.0.1"));
    }

    URI url() {
        return URI.create("http://127.0.0.1:" + server.actualPort());
    }

    /** Returns the paths of all values in the first response of each kind so far: method and path without ids. */
    Map<String, List<String>> values() {
        return Map.copyOf(values);
    }

    /** @param replacement JSON */
    void mutate(String route, String path, String replacement) {
        mutation = new Mutation(route, path, replacement);
    }

    private void forward(HttpServerRequest request) {
        String route = request.method() + " " + request.path().replaceAll("[0-9a-fA-F-]{12,}|[A-Za-z0-9]{20,}", "*");
        request.body()
                .compose(body -> client.request(request.method(), target.getPort(), target.getHost(), request.uri())
                        .compose(forwarded -> {
                            forwarded.headers().setAll(request.headers());
                            return forwarded.send(body);
                        }))
                .compose(response -> response.body().onSuccess(body -> {
                    request.response().setStatusCode(response.statusCode());
                    request.response().headers().setAll(response.headers()).remove("Content-Length");
                    boolean json =
                            String.valueOf(response.getHeader("Content-Type")).startsWith("application/json")
                                    && response.statusCode() < 300;
                    request.response().end(json ? replace(route, body) : body);
                }))
                .onFailure(error -> request.connection().close());
    }

    private Buffer replace(String route, Buffer received) {
        Buffer body = Buffer.buffer(received.toString().replace(target.toString(), url().toString()));
        Object json;
        try {
            json = Json.decodeValue(body);
        } catch (DecodeException e) {
            return body;
        }
        List<String> paths = new ArrayList<>();
        walk(json, "$", (path, value) -> {
            paths.add(path);
            return value;
        });
        values.putIfAbsent(route, paths);
        Mutation current = mutation;
        if (!current.route().equals(route)) {
            return body;
        }
        mutation = NONE;
        Object mutated = walk(json, "$", (path, value) -> path.equals(current.path()) ? MARKER : value);
        return Buffer.buffer(Json.encode(mutated).replace('"' + MARKER + '"', current.replacement()));
    }

    /** Visits a value, the members of objects and the first entry of arrays. Returns the value with the results of the visitor. */
    private static Object walk(Object value, String path, BiFunction<String, Object, Object> visitor) {
        Object visited = visitor.apply(path, value);
        if (visited instanceof JsonObject object) {
            for (String name : List.copyOf(object.fieldNames())) {
                object.put(name, walk(object.getValue(name), path + "." + name, visitor));
            }
        } else if (visited instanceof JsonArray array && !array.isEmpty()) {
            array.set(0, walk(array.getValue(0), path + "[0]", visitor));
        }
        return visited;
    }

    @Override
    public void close() {
        BackendFixture.get(server.close());
        BackendFixture.get(client.close());
    }
}
