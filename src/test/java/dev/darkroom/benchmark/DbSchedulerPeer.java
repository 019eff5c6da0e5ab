package dev.darkroom.benchmark;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.task.helper.OneTimeTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.zaxxer.hikari.HikariDataSource;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
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
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * Service that runs generations as tasks of db-scheduler, with the faster of its two polling strategies. Accepts them over
 * HTTP. Environment: {@code PEER_JDBC}, {@code PEER_USER}, {@code PEER_PASSWORD}, {@code PEER_STUB},
 * {@code PEER_CONCURRENCY}, and {@code PEER_IMAGES}, the directory of the images.
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

    private static final String ACCEPT = """
            WITH accepted AS (
              INSERT INTO peer_generations (user_id, prompt, negative_prompt, width, height, image_count, seed, metadata)
              VALUES ('local', ?, ?, ?, ?, ?, ?, ?::jsonb) RETURNING id)
            INSERT INTO scheduled_tasks (task_name, task_instance, execution_time, picked, version)
            SELECT 'generate', id, now(), false, 1 FROM accepted RETURNING task_instance""";

    private static final String COMPLETE = """
            UPDATE peer_generations SET status = 'COMPLETE', attempts = attempts + 1, attempt_started_at = ?, image = ?,
              image_bytes = ?, completed_at = clock_timestamp()
            WHERE id = ?""";

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
    private final Path imageDirectory = Path.of(System.getenv("PEER_IMAGES"));
    private final int concurrency = Integer.parseInt(System.getenv("PEER_CONCURRENCY"));

    public static void main(String[] args) throws Exception {
        new DbSchedulerPeer().start();
    }

    private void start() throws Exception {
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
        Vertx vertx = Vertx.vertx();
        HttpServer server = vertx.createHttpServer()
                .requestHandler(request -> request.body()
                        .compose(body -> vertx.executeBlocking(() -> accept(body.toJsonObject()), false))
                        .onSuccess(id -> request.response()
                                .setStatusCode(202)
                                .putHeader("Content-Type", "application/json")
                                .end(new JsonObject().put("id", id).encode()))
                        .onFailure(
                                error -> request.response().setStatusCode(500).end(error.toString())))
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
        System.out.println("port " + server.actualPort() + "\nready");
    }

    /** Stores the generation and its task in one transaction. Returns the id. */
    private String accept(JsonObject generation) throws SQLException {
        try (Connection connection = connections.getConnection();
                PreparedStatement insert = connection.prepareStatement(ACCEPT)) {
            insert.setString(1, generation.getString("prompt"));
            insert.setString(2, generation.getString("negativePrompt"));
            insert.setInt(3, generation.getInteger("width"));
            insert.setInt(4, generation.getInteger("height"));
            insert.setInt(5, generation.getInteger("count"));
            insert.setLong(6, generation.getLong("seed"));
            insert.setString(7, generation.getJsonObject("metadata").encode());
            try (ResultSet rows = insert.executeQuery()) {
                rows.next();
                return rows.getString(1);
            }
        }
    }

    private void runJob(String job) {
        Timestamp startedAt = Timestamp.from(Instant.now());
        try {
            String response = http.send(request, BodyHandlers.ofString()).body();
            String base64 = new JsonObject(response)
                    .getJsonArray("data")
                    .getJsonObject(0)
                    .getString("b64_json");
            byte[] bytes = Base64.getDecoder().decode(base64);
            recordOutcome(job, startedAt, storeImage(job, bytes), bytes.length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Stores an image like Darkroom: writes a temporary file, syncs and renames it, and syncs the directory. */
    private Path storeImage(String job, byte[] bytes) throws IOException {
        Path temporary =
                Files.createDirectories(imageDirectory.resolve("temporary")).resolve(job);
        Path directory = Files.createDirectories(imageDirectory.resolve(job.substring(job.length() - 2)));
        try (FileChannel file = FileChannel.open(temporary, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.wrap(bytes));
            file.force(true);
        }
        Path image = Files.move(temporary, directory.resolve(job), StandardCopyOption.ATOMIC_MOVE);
        try (FileChannel entries = FileChannel.open(directory, StandardOpenOption.READ)) {
            entries.force(true);
        }
        return image;
    }

    private void recordOutcome(String job, Timestamp startedAt, Path image, int bytes) throws SQLException {
        try (Connection connection = connections.getConnection();
                PreparedStatement update = connection.prepareStatement(COMPLETE)) {
            update.setTimestamp(1, startedAt);
            update.setString(2, image.toString());
            update.setInt(3, bytes);
            update.setObject(4, UUID.fromString(job));
            update.executeUpdate();
        }
    }
}
