package dev.darkroom.testing.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.FreePort;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.TestDirectories;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Runs a service without authentication and with its own simulator for a test class, as {@code ./mvnw -q compile exec:java} does. The
 * field is static and annotated with {@code @RegisterExtension}.
 */
public final class LocalDarkroom implements BeforeAllCallback, BeforeEachCallback, AfterAllCallback {
    private final HttpClient http = HttpClient.newHttpClient();
    private final int simulatorPort = FreePort.find();
    private final DarkroomInstanceSettings settings;
    private Path directory;
    private DarkroomInstance darkroomInstance;

    public LocalDarkroom(DarkroomInstanceSettings settings) {
        this.settings = settings.with("DARKROOM_SIMULATOR_PORT", String.valueOf(simulatorPort));
    }

    @Override
    public void beforeAll(ExtensionContext testClass) throws IOException {
        directory = Files.createTempDirectory("darkroom-test");
        darkroomInstance = InProcessDarkroom.start(directory, settings.database(TestPostgres.migratedDatabase()));
    }

    /** Deletes the script of the simulator. */
    @Override
    public void beforeEach(ExtensionContext test) {
        script();
    }

    @Override
    public void afterAll(ExtensionContext testClass) {
        if (darkroomInstance != null) {
            darkroomInstance.close();
        }
        TestDirectories.delete(directory);
    }

    /** Returns the URL of a page, such as {@code /#/admin}. */
    public URI url(String path) {
        return darkroomInstance.api().resolve(path);
    }

    public ApiClient client() {
        return darkroomInstance.client();
    }

    /** Sets the behavior of the next submissions, one step each. Later submissions succeed. */
    public void script(JsonObject... steps) {
        send("PUT", "/simulator/script", new JsonObject().put("steps", new JsonArray(List.of(steps))));
    }

    /** Returns the JSON at a path of the simulator. */
    public JsonObject simulator(String path) {
        return new JsonObject(send("GET", path, null));
    }

    private String send(String method, String path, JsonObject body) {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + simulatorPort + path))
                .header("Content-Type", "application/json")
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body.encode()))
                .build();
        try {
            HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
            assertThat(response.statusCode()).as(response.body()).isBetween(200, 299);
            return response.body();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
