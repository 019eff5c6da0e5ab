package dev.darkroom.testing;

import dev.darkroom.auth.ApiKey;
import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.config.DatabaseUrl;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Provides a running service for a test class, from before the first {@code @BeforeAll} until after the last {@code
 * @AfterAll}. Clears the script and the recorded requests of the simulator before each test.
 *
 * <ul>
 *   <li>{@link #shared()} is the service that all classes of a test JVM share. Most tests that only use HTTP take this one.
 *   <li>{@link #DarkroomExtension(DarkroomInstanceSettings)} starts a service with other settings for one class. A start costs
 *       about two seconds.
 * </ul>
 *
 * <p>The field must be static and annotated with {@code @RegisterExtension}.
 */
public final class DarkroomExtension implements BeforeAllCallback, BeforeEachCallback, AfterAllCallback {
    /** Origins that the shared service accepts. */
    public static final String ORIGIN = "https://app.example.org";

    public static final String SECOND_ORIGIN = "http://localhost:3000";

    /** Maximum number of webhooks per user of the shared service. */
    public static final int WEBHOOKS_PER_USER = 50;

    /** Null for the shared service. */
    private final DarkroomInstanceSettings settings;

    /** Null for the only model of the defaults. */
    private final Models models;

    private Instance instance;
    private DarkroomInstance darkroomInstance;
    private ApiClient client;
    private User user;

    /** A user of the service, with an API key. */
    public record User(String name, String key, ApiClient client) {
        /** The value of the {@code Authorization} header. */
        public String authorization() {
            return "Bearer " + key;
        }
    }

    /**
     * Models of a service.
     *
     * @param conf a file of settings. {@code %1$s} stands for the URL of the simulator, {@code %2$s} for the file with the schema
     * @param parametersSchema JSON Schema of the parameters of a model
     */
    public record Models(String conf, String parametersSchema) {}

    /** Starts a service for the class alone, with these settings, a new database and a new simulator. */
    public DarkroomExtension(DarkroomInstanceSettings settings) {
        this(settings, null);
    }

    /** As {@link #DarkroomExtension(DarkroomInstanceSettings)}, with these models. */
    public DarkroomExtension(DarkroomInstanceSettings settings, Models models) {
        this.settings = settings;
        this.models = models;
    }

    /**
     * Uses the service of the test JVM, with {@code auth: required}. Each class gets a new user, and {@link #client()} sends the
     * API key of that user. {@link #newUser()} creates further ones. {@link #darkroom()} returns the log from the start of the
     * class on and must not be stopped. A class must only rely on rows and files of its own users.
     */
    public static DarkroomExtension shared() {
        return new DarkroomExtension(null);
    }

    private boolean isShared() {
        return settings == null;
    }

    @Override
    public void beforeAll(ExtensionContext testClass) {
        if (isShared()) {
            instance = Shared.INSTANCE;
            darkroomInstance = new LogOfClass(instance.darkroomInstance);
            user = newUser();
            client = user.client();
        } else {
            instance = Instance.start(settings, models);
            darkroomInstance = instance.darkroomInstance;
            client = darkroomInstance.client();
        }
    }

    @Override
    public void beforeEach(ExtensionContext test) {
        instance.inProcessSimulator.reset();
    }

    @Override
    public void afterAll(ExtensionContext testClass) {
        // JUnit calls this even if the start failed.
        if (instance == null) {
            return;
        }
        if (isShared()) {
            instance.cancelPendingGenerations();
        } else {
            instance.close();
        }
    }

    public DarkroomInstance darkroom() {
        return darkroomInstance;
    }

    /** Returns a client with the API key of the class's user, or without credentials when the class has its own service. */
    public ApiClient client() {
        return client;
    }

    /** Returns a client that sends no credentials. */
    public ApiClient anonymous() {
        return darkroomInstance.client();
    }

    /** Returns the user of the class; null unless the service is shared. */
    public User user() {
        return user;
    }

    /** Creates a user with a random name. */
    public User newUser() {
        return newUser("user-" + UUID.randomUUID());
    }

    /** Creates a user with this name. The service must have {@code auth: required}. */
    public User newUser(String name) {
        return user(name, TestApiKeys.create(instance.database, name));
    }

    /** Creates an administrator with this name. The service must have {@code auth: required}. */
    public User newAdmin(String name) {
        return user(name, instance.adminKey(name));
    }

    private User user(String name, String key) {
        return new User(name, key, darkroomInstance.client().withKey(key));
    }

    public InProcessSimulator aiServer() {
        return instance.inProcessSimulator;
    }

    public DatabaseUrl database() {
        return instance.database;
    }

    /** Returns the working directory of the service. */
    public Path directory() {
        return instance.directory;
    }

    /** Holder of the shared service, which starts at the first use and stops with the JVM. */
    private static final class Shared {
        static final Instance INSTANCE = start();

        private static Instance start() {
            DarkroomInstanceSettings settings = DarkroomInstanceSettings.forTests()
                    .with("DARKROOM_AUTH", "required")
                    .with("DARKROOM_HTTP_CORS_ORIGINS", ORIGIN + ", " + SECOND_ORIGIN)
                    .with("DARKROOM_RETRY_INITIAL_DELAY", "100ms")
                    .with("DARKROOM_RETRY_MAX_DELAY", "400ms")
                    .with("DARKROOM_STREAMS_REVALIDATE_INTERVAL", "500ms")
                    // Makes stream tests fail when NOTIFY does not work.
                    .with("DARKROOM_NOTIFICATIONS_POLL_INTERVAL", "1h")
                    .webhooksOnLoopback()
                    .with("DARKROOM_WEBHOOKS_RETRY_DELAYS", "100ms, 200ms, 100ms, 100ms")
                    .with("DARKROOM_WEBHOOKS_POLL_INTERVAL", "100ms")
                    .with("DARKROOM_WEBHOOKS_TIMEOUT", "5s")
                    .with("DARKROOM_WEBHOOKS_MAX_PER_USER", String.valueOf(WEBHOOKS_PER_USER));
            Instance started = Instance.start(settings, null);
            ShutdownActions.add(started::close);
            return started;
        }
    }

    /** One service with its database, simulator and directory. */
    private static final class Instance {
        final Path directory;
        final DatabaseUrl database;
        final InProcessSimulator inProcessSimulator;
        final DarkroomInstance darkroomInstance;
        private ApiClient admin;

        private Instance(
                Path directory,
                DatabaseUrl database,
                InProcessSimulator inProcessSimulator,
                DarkroomInstance darkroomInstance) {
            this.directory = directory;
            this.database = database;
            this.inProcessSimulator = inProcessSimulator;
            this.darkroomInstance = darkroomInstance;
        }

        static Instance start(DarkroomInstanceSettings settings, Models models) {
            try {
                Path directory = Files.createTempDirectory("darkroom-test");
                DatabaseUrl database = TestPostgres.migratedDatabase();
                InProcessSimulator inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
                try {
                    if (models == null) {
                        settings.aiServer(inProcessSimulator);
                    } else {
                        settings.with("DARKROOM_CONF", writeConf(directory, models, inProcessSimulator));
                    }
                    return new Instance(
                            directory,
                            database,
                            inProcessSimulator,
                            InProcessDarkroom.start(directory, settings.database(database)));
                } catch (IOException | RuntimeException | Error e) {
                    inProcessSimulator.close();
                    TestDirectories.delete(directory);
                    throw e;
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static String writeConf(Path directory, Models models, InProcessSimulator simulator)
                throws IOException {
            Path schema = Files.writeString(directory.resolve("parameters.json"), models.parametersSchema());
            return Files.writeString(
                            directory.resolve("models.yaml"), models.conf().formatted(simulator.url(), schema))
                    .toString();
        }

        String adminKey(String name) {
            ApiKey key = ApiKey.generate(new SecureRandom());
            try (ApiKeyAdmin apiKeyAdmin = ApiKeyAdmin.open(database)) {
                apiKeyAdmin.create(key, new Principal(name, Role.ADMIN), null);
            }
            return key.secret();
        }

        /** Cancels pending generations of a class and waits until none is left. */
        void cancelPendingGenerations() {
            inProcessSimulator.reset();
            Awaitility.await("the end of all generations")
                    .atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofMillis(50))
                    .until(() -> {
                        List<String> pending =
                                TestPostgres.query(database, "SELECT generation_id FROM generation_queue");
                        if (!pending.isEmpty() && admin == null) {
                            admin = darkroomInstance.client().withKey(adminKey("test-cleaner"));
                        }
                        pending.forEach(id -> admin.cancel(id));
                        return pending.isEmpty();
                    });
        }

        void close() {
            darkroomInstance.close();
            inProcessSimulator.close();
            TestDirectories.delete(directory);
        }
    }

    /** View of the shared service whose log starts with the class. */
    private static final class LogOfClass implements DarkroomInstance {
        private final DarkroomInstance shared;
        private final int begin;

        LogOfClass(DarkroomInstance shared) {
            this.shared = shared;
            begin = shared.log().size();
        }

        @Override
        public URI api() {
            return shared.api();
        }

        @Override
        public URI management() {
            return shared.management();
        }

        @Override
        public List<String> log() {
            List<String> all = shared.log();
            return all.subList(begin, all.size());
        }

        @Override
        public int stop() {
            throw new UnsupportedOperationException("other classes use this service too");
        }

        @Override
        public void close() {
            throw new UnsupportedOperationException("other classes use this service too");
        }
    }
}
