package dev.darkroom;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.AiServer;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.Darkroom;
import dev.darkroom.testing.DarkroomSettings;
import dev.darkroom.testing.Directories;
import dev.darkroom.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * One service for all tests of a class, with an AI server, a database and a directory of its own: there before the
 * first {@code @BeforeAll}, gone after the last {@code @AfterAll}. The AI server is well, and has forgotten all
 * submissions, before each test.
 *
 * <p>Has to be a static field with {@code @RegisterExtension}.
 */
public final class DarkroomExtension implements BeforeAllCallback, BeforeEachCallback, AfterAllCallback {
    private final DarkroomSettings settings;
    private Path directory;
    private DatabaseUrl database;
    private AiServer aiServer;
    private Darkroom darkroom;
    private ApiClient client;

    /** A service with these settings; the database and the AI server are added to them. */
    public DarkroomExtension(DarkroomSettings settings) {
        this.settings = settings;
    }

    @Override
    public void beforeAll(ExtensionContext testClass) throws IOException {
        directory = Files.createTempDirectory("darkroom-test");
        database = TestPostgres.newDatabase();
        aiServer = new AiServer(Duration.ofMillis(10));
        darkroom =
                InProcessDarkroom.start(directory, settings.database(database).aiServer(aiServer));
        client = darkroom.client();
    }

    @Override
    public void beforeEach(ExtensionContext test) {
        aiServer.reset();
    }

    @Override
    public void afterAll(ExtensionContext testClass) {
        // Called even if the start failed half-way.
        if (darkroom != null) {
            darkroom.close();
        }
        if (aiServer != null) {
            aiServer.close();
        }
        Directories.delete(directory);
    }

    public Darkroom darkroom() {
        return darkroom;
    }

    public ApiClient client() {
        return client;
    }

    public AiServer aiServer() {
        return aiServer;
    }

    public DatabaseUrl database() {
        return database;
    }

    /** The working directory of the service. */
    public Path directory() {
        return directory;
    }
}
