package dev.darkroom.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseMigrator;
import dev.darkroom.database.embedded.StoppableEmbeddedPostgres;
import dev.darkroom.notification.NewNotification;
import dev.darkroom.notification.NotificationFixture;
import dev.darkroom.notification.NotificationWriter;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.ExternalTool;
import dev.darkroom.testing.StoppablePostgres;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Streams the table of notifications with the publication and the connector of {@code docs/kafka.md}, by the embedded Debezium. */
@Tag("kafka")
class DebeziumIT {
    private static final ExternalTool TOOL = new ExternalTool("kafka", "debezium");
    private static final Duration TIMEOUT = Duration.ofMinutes(3);
    private static final UUID GENERATION = UUID.fromString("01a209f2-71d0-7a31-8a3c-5b1f6c9d2e10");
    /** A page contains JSON and SQL as properties of a list item, indented. */
    private static final String BLOCK = "(?s)%s\\n +```%s\\n(.*?)\\n +```";

    private final Vertx vertx = Vertx.vertx();

    @TempDir
    Path directory;

    @Test
    void streamsInsertedNotificationsInOrder() throws Exception {
        try (StoppableEmbeddedPostgres postgres = StoppableEmbeddedPostgres.create(directory.resolve("data"))) {
            // given
            postgres.stop(StoppablePostgres.Mode.FAST);
            postgres.restart(Map.of("wal_level", "logical"));
            DatabaseUrl url = postgres.url();
            Settings settings = SettingsLoader.load(
                            DarkroomInstanceSettings.forTests().database(url).environment(), directory)
                    .settings();
            DatabaseMigrator.migrate(url, settings.database());
            TestPostgres.execute(url, block("2\\. Create the publication.*?", "sql"));
            Path output = directory.resolve("debezium.log");
            Process debezium = start(postgres.superuser(), output);
            Database database = Database.open(vertx, url, settings.database());
            try {
                awaitStreaming(postgres.superuser(), output);

                // when
                NotificationWriter writer = new NotificationWriter(List.of(), stored -> {});
                for (String user : List.of("anna", "bert", "anna")) {
                    NewNotification notification = NewNotification.of(
                            user, "generation.ended", GENERATION, new JsonObject().put("status", "COMPLETE"));
                    NotificationFixture.await(
                            database.inTransaction(scope -> writer.write(scope, List.of(notification))));
                }
                TestPostgres.execute(
                        url,
                        "UPDATE notifications SET read_at = now()",
                        "DELETE FROM notifications WHERE user_id = 'bert'");
                NotificationFixture.await(database.inTransaction(scope ->
                        writer.write(scope, List.of(NewNotification.of("anna", "last.one", null, new JsonObject())))));

                // then
                Awaitility.await("the last notification arrives")
                        .atMost(TIMEOUT)
                        .until(() -> records(output).stream().anyMatch(record -> record.contains("last.one")));
                assertThat(records(output)).hasSize(4);
                assertRecord(records(output).get(0), "anna", 1);
                assertRecord(records(output).get(1), "bert", 1);
                assertRecord(records(output).get(2), "anna", 2);
            } finally {
                debezium.destroyForcibly().waitFor();
                NotificationFixture.await(database.close());
                NotificationFixture.await(vertx.close());
            }
        }
    }

    private static void assertRecord(String record, String user, int seq) {
        String[] fields = record.split("\t");
        assertThat(fields[1]).isEqualTo("darkroom.events");
        assertThat(fields[2]).contains(user);
        // The format of the test encodes headers as JSON.
        assertThat(fields[3].replace("\"", ""))
                .contains("ce_id=")
                .contains("ce_sequence=" + seq)
                .contains("ce_subject=" + GENERATION)
                .contains("ce_type=generation.ended")
                .contains("ce_time=");
        assertThat(new JsonObject(fields[4]).getString("status")).isEqualTo("COMPLETE");
    }

    private static List<String> records(Path output) throws IOException {
        return Files.readString(output)
                .lines()
                .filter(line -> line.startsWith("record\tdarkroom.events\t"))
                .toList();
    }

    /** Starts the connector of the page, with the address of the test and without the converters of Kafka Connect. */
    private Process start(DatabaseUrl url, Path output) throws Exception {
        Properties properties = new Properties();
        new JsonObject(block("<!-- connector: read by DebeziumIT -->", "json"))
                .forEach(each ->
                        properties.setProperty(each.getKey(), each.getValue().toString()));
        properties.keySet().removeIf(name -> name.toString().contains(".converter"));
        properties.putAll(Map.of(
                "name", "darkroom",
                "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore",
                "converter.schemas.enable", "false",
                "database.hostname", url.host(),
                "database.port", String.valueOf(url.port()),
                "database.user", url.user(),
                "database.password", url.password().value(),
                "database.dbname", url.database()));
        Path file = directory.resolve("connector.properties");
        try (var writer = Files.newBufferedWriter(file)) {
            properties.store(writer, null);
        }
        return TOOL.start(new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-cp",
                        TOOL.installMaven() + "/*",
                        TOOL.sources().resolve("OutboxStream.java").toString(),
                        file.toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile()));
    }

    private static void awaitStreaming(DatabaseUrl url, Path output) {
        Awaitility.await("the connector streams")
                .atMost(TIMEOUT)
                .failFast(() -> assertThat(Files.readString(output)).doesNotContain("ended\t"))
                .until(() -> TestPostgres.query(url, "SELECT active FROM pg_replication_slots")
                        .contains("t"));
    }

    private static String block(String before, String language) throws IOException {
        Matcher block =
                Pattern.compile(BLOCK.formatted(before, language)).matcher(Files.readString(Path.of("docs/kafka.md")));
        assertThat(block.find()).as(before).isTrue();
        return block.group(1);
    }
}
