package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.api.stream.StreamRegistry.StreamTimings;
import dev.darkroom.notification.StreamResetReason;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares values, tables, events and reasons of the notification design with the code, the settings and the migrations. */
class NotificationDesignClaimsTest {
    private static final Path MAIN = Path.of("src/main/java");
    private static final Pattern QUANTITY = Pattern.compile("([0-9]+) ?(ms|s|m|h|days|KiB|)");
    private static final Pattern CODE = Pattern.compile("`([a-z_]+)`");
    private static final Map<String, Long> UNITS =
            Map.of("ms", 1L, "s", 1_000L, "m", 60_000L, "h", 3_600_000L, "days", 86_400_000L, "KiB", 1_024L, "", 1L);
    private static final String CONF = MarkdownPages.read(Path.of("conf/darkroom.yaml"));
    private static final JsonObject SCHEMAS = new JsonObject(
                    MarkdownPages.read(Path.of("docs/schemas/notifications.schema.json")))
            .getJsonObject("$defs");

    static Stream<List<String>> values() {
        return NotificationDesign.table("| value | default | defined by |").stream();
    }

    @ParameterizedTest
    @MethodSource("values")
    @DisplayName("each value of the appendix is the one of the setting or constant that defines it")
    void valueMatchesItsDefinition(List<String> row) throws Exception {
        String definition = NotificationDesign.plain(row.get(2));

        long expected = Character.isLowerCase(definition.charAt(0)) ? setting(definition) : constant(definition);

        assertThat(quantity(row.get(1))).as(definition).isEqualTo(expected);
    }

    /** Returns a number, milliseconds, or bytes. */
    private static long quantity(String text) {
        Matcher matcher = QUANTITY.matcher(text);
        assertThat(matcher.matches()).as(text).isTrue();
        return Long.parseLong(matcher.group(1)) * UNITS.get(matcher.group(2));
    }

    private static long setting(String name) {
        String[] parts = name.split("\\.");
        Matcher value = Pattern.compile("\n" + parts[0] + ":\n(?: .*\n|\n)*?  " + parts[1] + ": (\\S+)\n")
                .matcher(CONF);
        assertThat(value.find()).as(name).isTrue();
        return quantity(value.group(1));
    }

    private static long constant(String name) throws Exception {
        String[] parts = name.split("\\.");
        if (parts[0].equals("StreamTimings")) {
            return timing(parts[1]);
        }
        Field field = Class.forName(className(parts[0])).getDeclaredField(parts[1]);
        field.setAccessible(true);
        Object value = field.get(null);
        if (value instanceof Duration duration) {
            return duration.toMillis();
        }
        return ((Number) value).longValue() * (parts[1].contains("SECONDS") && !parts[1].contains("_PER_") ? 1_000 : 1);
    }

    private static long timing(String component) throws ReflectiveOperationException {
        for (RecordComponent candidate : StreamTimings.class.getRecordComponents()) {
            if (candidate.getName().equals(component)) {
                long value = ((Number) candidate.getAccessor().invoke(StreamTimings.withDefaults(1))).longValue();
                return component.endsWith("Seconds") ? value * 1_000 : value;
            }
        }
        throw new AssertionError("no component " + component);
    }

    private static String className(String simpleName) throws IOException {
        try (Stream<Path> files = Files.walk(MAIN)) {
            Path file = files.filter(path -> path.endsWith(simpleName + ".java"))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no class " + simpleName));
            return MAIN.relativize(file).toString().replace(".java", "").replace('/', '.');
        }
    }

    @Test
    void tablesAndColumnsExist() throws IOException {
        String migrations;
        try (Stream<Path> files = Files.list(Path.of("src/main/resources/db/migration"))) {
            migrations = files.map(MarkdownPages::read).collect(Collectors.joining());
        }
        List<List<String>> rows = NotificationDesign.table("| table | columns that matter | note |");

        assertThat(rows).hasSizeGreaterThan(5);
        for (List<String> row : rows) {
            Matcher create = Pattern.compile(
                            "CREATE TABLE " + NotificationDesign.plain(row.get(0)) + " \\((.*?)\n\\)", Pattern.DOTALL)
                    .matcher(migrations);
            assertThat(create.find()).as(row.get(0)).isTrue();
            CODE.matcher(row.get(1))
                    .results()
                    .forEach(column -> assertThat(create.group(1)).containsPattern("\n    " + column.group(1) + " "));
        }
    }

    @Test
    void eventsAndReasonsAreThoseOfTheSchemas() {
        List<String> events = NotificationDesign.table("| event | data | the client |").stream()
                .map(row -> row.get(0).startsWith("`") ? row.get(0).split("`")[1] : "begin")
                .toList();
        List<String> closeReasons = NotificationDesign.table("| `close` reason | sent when | the client |").stream()
                .map(row -> NotificationDesign.plain(row.get(0)))
                .toList();
        TreeSet<String> resetReasons =
                Stream.of(StreamResetReason.values()).map(Enum::name).collect(Collectors.toCollection(TreeSet::new));

        assertThat(events).containsExactlyInAnyOrderElementsOf(enumOf("SocketServerFrame", "event"));
        assertThat(closeReasons).containsExactlyInAnyOrderElementsOf(enumOf("Close", "reason"));
        assertThat(resetReasons).containsExactlyInAnyOrderElementsOf(enumOf("Reset", "reason"));
        assertThat(MarkdownPages.read(Path.of("docs/diagrams/notification-offline.svg")))
                .contains(resetReasons);
    }

    private static List<String> enumOf(String schema, String property) {
        JsonArray names = SCHEMAS.getJsonObject(schema)
                .getJsonObject("properties")
                .getJsonObject(property)
                .getJsonArray("enum");
        return names.stream().map(String.class::cast).toList();
    }

    @Test
    void retryDelaysAreThoseOfTheSettings() {
        Matcher configured = Pattern.compile("retryDelays: (.*)\n").matcher(CONF);
        assertThat(configured.find()).isTrue();

        assertThat(NotificationDesign.TEXT)
                .contains("Delays: "
                        + configured.group(1).replaceAll("([0-9]+)m", "$1 min").replaceAll("([0-9]+)([sh])", "$1 $2"));
    }

    @Test
    void operationsExist() {
        String contract = MarkdownPages.read(Path.of("openapi.yaml"));

        NotificationDesign.table("| request | purpose |").forEach(row -> {
            String path = row.get(0).split("[` ]")[2].split("\\?")[0];
            String named = path.replace("generation/{id}", "generation/{generationId}")
                    .replace("notifications/{id}", "notifications/{notificationId}");
            assertThat(contract).contains("\n  " + named + ":\n");
        });
    }
}
