package dev.darkroom.api.contract;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.darkroom.api.content.StaticContent;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.json.JsonObject;
import io.vertx.openapi.contract.OpenAPIContract;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;

/**
 * Loads {@code openapi.yaml} from the class path. The OpenAPI library supports only a closed list of media types. In the parsed copy a
 * supported type with the same treatment replaces each of the others.
 */
public final class ContractLoader {
    private static final String RESOURCE = "openapi.yaml";

    private static final Map<String, String> MEDIA_TYPE_SUBSTITUTES = Map.ofEntries(
            Map.entry("application/problem+json", "application/json"),
            Map.entry("application/yaml", "application/octet-stream"),
            Map.entry("application/openmetrics-text", "application/octet-stream"),
            Map.entry("text/plain", "application/octet-stream"),
            Map.entry("text/event-stream", "application/octet-stream"),
            Map.entry("image/png", "application/octet-stream"),
            Map.entry("image/jpeg", "application/octet-stream"),
            Map.entry("image/webp", "application/octet-stream"),
            Map.entry("image/avif", "application/octet-stream"));

    private ContractLoader() {}

    /**
     * Parts of the contract.
     *
     * @param api paths of the API port
     * @param management paths of the management port, which have their own {@code servers}
     */
    public record Contracts(ApiContract api, ApiContract management) {}

    /** The complete document in its served forms, and the parts of the ports. */
    private record Documents(StaticContent yaml, StaticContent json, JsonObject api, JsonObject management) {}

    /** Loads the contract, which takes longer than the rest of the start. Parses it on a worker thread. */
    public static Future<Contracts> load(Vertx vertx) {
        String document = readResource();
        WorkerExecutor worker = vertx.createSharedWorkerExecutor("darkroom-contract", 1);
        return worker.executeBlocking(() -> {
                    JsonObject json = parse(document);
                    return new Documents(
                            StaticContent.of("application/yaml", document),
                            StaticContent.of("application/json", json.encode()),
                            select(json, false),
                            select(json, true));
                })
                .compose(documents -> Future.all(
                                OpenAPIContract.from(vertx, documents.api()),
                                OpenAPIContract.from(vertx, documents.management()))
                        .map(parsed -> new Contracts(
                                new ApiContract(documents.yaml(), documents.json(), parsed.resultAt(0)),
                                new ApiContract(documents.yaml(), documents.json(), parsed.resultAt(1)))))
                .eventually(worker::close);
    }

    /** Returns the media type that replaces {@code mediaType} in the parsed copy. */
    static String substituteMediaType(String mediaType) {
        return MEDIA_TYPE_SUBSTITUTES.getOrDefault(mediaType, mediaType);
    }

    private static JsonObject select(JsonObject document, boolean management) {
        JsonObject copy = document.copy();
        JsonObject paths = copy.getJsonObject("paths");
        for (String path : Set.copyOf(paths.fieldNames())) {
            if (paths.getJsonObject(path).containsKey("servers") != management) {
                paths.remove(path);
            }
        }
        substituteMediaTypes(copy);
        return copy;
    }

    /** Reads from the class path only: a file of that name in the working directory may belong to another program. */
    private static String readResource() {
        try (InputStream in = ContractLoader.class.getClassLoader().getResourceAsStream(RESOURCE)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonObject parse(String document) {
        try {
            return new JsonObject(new YAMLMapper().readTree(document).toString());
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void substituteMediaTypes(JsonObject node) {
        for (String key : Set.copyOf(node.fieldNames())) {
            Object value = node.getValue(key);
            if (value instanceof JsonObject child) {
                if (key.equals("content")) {
                    for (String mediaType : Set.copyOf(child.fieldNames())) {
                        child.put(substituteMediaType(mediaType), child.remove(mediaType));
                    }
                }
                substituteMediaTypes(child);
            }
        }
    }
}
