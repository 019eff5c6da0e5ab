package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.AsyncApiMessageValidator;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Compares {@code docs/kafka.md} with the schema of its event and the program of its consumer. */
class KafkaPageTest {
    private static final Path PAGE = Path.of("docs/kafka.md");

    @Test
    void exampleMatchesItsSchema() throws IOException {
        Matcher example = Pattern.compile("<!-- schema: KafkaEvent -->\n```json\n(.*?)\n```", Pattern.DOTALL)
                .matcher(Files.readString(PAGE));

        assertThat(example.find()).isTrue();
        AsyncApiMessageValidator.validateKafkaEvent(
                Map.of("content-type", "application/cloudevents+json; charset=UTF-8"),
                new JsonObject(example.group(1)));
    }

    @Test
    void pageShowsWholeProgram() throws IOException {
        assertThat(Files.readString(PAGE))
                .contains("```java\n" + Files.readString(Path.of("src/examples/kafka/EventConsumer.java")) + "```\n");
    }
}
