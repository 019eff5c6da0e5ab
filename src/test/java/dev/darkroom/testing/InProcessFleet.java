package dev.darkroom.testing;

import dev.darkroom.config.DatabaseUrl;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Services in the test JVM that share a database, an image directory and a simulator. Closing it stops all of them. */
public final class InProcessFleet implements AutoCloseable {
    private final Path directory;
    private final DatabaseUrl database = TestPostgres.migratedDatabase();
    private final InProcessSimulator simulator = new InProcessSimulator(Duration.ofMillis(10));
    private final List<DarkroomInstance> instances = new ArrayList<>();

    /** @param directory gets a subdirectory per service, and the images */
    public InProcessFleet(Path directory) {
        this.directory = directory;
    }

    public DatabaseUrl database() {
        return database;
    }

    public InProcessSimulator simulator() {
        return simulator;
    }

    /** Returns settings of a service that runs this many attempts concurrently; with 0 it has no worker. */
    public DarkroomInstanceSettings settings(int workerConcurrency) {
        return DarkroomInstanceSettings.forTests()
                .database(database)
                .aiServer(simulator)
                .workerConcurrency(workerConcurrency)
                .with("DARKROOM_IMAGE_DIR", directory.resolve("images").toString());
    }

    /** Starts a service. A test may close it earlier. */
    public DarkroomInstance start(String name, DarkroomInstanceSettings settings) {
        try {
            DarkroomInstance instance =
                    InProcessDarkroom.start(Files.createDirectory(directory.resolve(name)), settings);
            instances.add(instance);
            return instance;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Checks the tables and the images. */
    public void assertNoViolations() {
        DatabaseInvariants.assertNoViolations(database, directory.resolve("images"));
    }

    @Override
    public void close() {
        instances.forEach(DarkroomInstance::close);
        simulator.close();
    }
}
