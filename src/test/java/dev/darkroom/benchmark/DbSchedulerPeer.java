package dev.darkroom.benchmark;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.task.helper.OneTimeTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.zaxxer.hikari.HikariDataSource;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Base64;

/**
 * Process that does the work of a generation as a task of db-scheduler: one HTTP call to the stub AI server, and a row with
 * the result. Uses the faster of its two polling strategies. Environment: {@code PEER_JDBC}, {@code PEER_USER},
 * {@code PEER_PASSWORD}, {@code PEER_STUB}, {@code PEER_CONCURRENCY}, and optionally {@code PEER_IMAGES}, a directory for
 * the images.
 */
public final class DbSchedulerPeer {
    /** Schema from the documentation of db-scheduler for PostgreSQL. */
    static final String TABLE = """
            CREATE TABLE scheduled_tasks (
              task_name text NOT NULL, task_instance text NOT NULL, task_data bytea, execution_time timestamptz NOT NULL,
              picked boolean NOT NULL, picked_by text, last_success timestamptz, last_failure timestamptz,
              consecutive_failures int, last_heartbeat timestamptz, version bigint NOT NULL, priority smallint,
              PRIMARY KEY (task_name, task_instance));
            CREATE INDEX execution_time_idx ON scheduled_tasks (execution_time);
            CREATE INDEX last_heartbeat_idx ON scheduled_tasks (last_heartbeat);
            CREATE INDEX priority_execution_time_idx ON scheduled_tasks (priority DESC, execution_time ASC);
            GRANT ALL ON scheduled_tasks TO darkroom;""";

    private static final String BODY = new JsonObject()
            .put("prompt", "a lighthouse")
            .put("n", 1)
            .put("size", "64x64")
            .put("response_format", "b64_json")
            .encode();

    /** More connections make it slower. */
    private static final int CONNECTIONS = 20;

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final HttpRequest request = HttpRequest.newBuilder(URI.create(System.getenv("PEER_STUB")))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(BODY))
            .build();
    private final HikariDataSource connections = new HikariDataSource();
    private final Path imageDirectory =
            System.getenv("PEER_IMAGES") == null ? null : Path.of(System.getenv("PEER_IMAGES"));
    private final int concurrency = Integer.parseInt(System.getenv("PEER_CONCURRENCY"));

    public static void main(String[] args) {
        new DbSchedulerPeer().start();
    }

    private void start() {
        connections.setJdbcUrl(System.getenv("PEER_JDBC"));
        connections.setUsername(System.getenv("PEER_USER"));
        connections.setPassword(System.getenv("PEER_PASSWORD"));
        connections.setMaximumPoolSize(CONNECTIONS);
        OneTimeTask<Void> task =
                Tasks.oneTime("generate", Void.class).execute((instance, context) -> runJob(instance.getId()));
        Scheduler.create(connections, task)
                .threads(concurrency)
                .pollUsingLockAndFetch(0.5, 4)
                .pollingInterval(Duration.ofMillis(100))
                .registerShutdownHook()
                .build()
                .start();
        System.out.println("ready");
    }

    private void runJob(String job) {
        try {
            String response = http.send(request, BodyHandlers.ofString()).body();
            String base64 = new JsonObject(response)
                    .getJsonArray("data")
                    .getJsonObject(0)
                    .getString("b64_json");
            byte[] bytes = Base64.getDecoder().decode(base64);
            if (imageDirectory != null) {
                storeImage(job, bytes);
            }
            recordResult(job, bytes.length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Stores an image like Darkroom: writes a temporary file, syncs and renames it, and syncs the directory. */
    private void storeImage(String job, byte[] bytes) throws IOException {
        Path temporary =
                Files.createDirectories(imageDirectory.resolve("temporary")).resolve(job);
        Path directory = Files.createDirectories(imageDirectory.resolve(String.valueOf(Integer.parseInt(job) % 256)));
        try (FileChannel file = FileChannel.open(temporary, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.wrap(bytes));
            file.force(true);
        }
        Files.move(temporary, directory.resolve(job), StandardCopyOption.ATOMIC_MOVE);
        try (FileChannel entries = FileChannel.open(directory, StandardOpenOption.READ)) {
            entries.force(true);
        }
    }

    private void recordResult(String job, int bytes) throws SQLException {
        try (Connection connection = connections.getConnection();
                PreparedStatement insert =
                        connection.prepareStatement("INSERT INTO peer_results (job, bytes) VALUES (?, ?)")) {
            insert.setInt(1, Integer.parseInt(job));
            insert.setInt(2, bytes);
            insert.executeUpdate();
        }
    }
}
