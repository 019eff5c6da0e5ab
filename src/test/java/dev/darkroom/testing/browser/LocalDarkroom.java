package dev.darkroom.testing.browser;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.FreePort;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.SimulatorClient;
import dev.darkroom.testing.TestDirectories;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Runs a service without authentication and with its own simulator for a test class, as {@code ./mvnw -q compile exec:java} does. The
 * field is static and annotated with {@code @RegisterExtension}.
 */
public final class LocalDarkroom implements BeforeAllCallback, BeforeEachCallback, AfterAllCallback {
    private final SimulatorClient simulator;
    private final DarkroomInstanceSettings settings;
    private Path directory;
    private DarkroomInstance darkroomInstance;

    public LocalDarkroom(DarkroomInstanceSettings settings) {
        int simulatorPort = FreePort.find();
        simulator = new SimulatorClient(simulatorPort);
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
        simulator.script(steps);
    }
}
