package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.telemetry.SpanAttribute;
import dev.darkroom.telemetry.SpanType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class TracingPageTest {
    private static final Path PAGE = Path.of("docs/tracing.md");

    @Test
    void tableListsEverySpanWithItsKind() {
        List<String> rows = Arrays.stream(SpanType.values())
                .map(type ->
                        "| `" + displayName(type) + "` | " + type.kind().name().toLowerCase(Locale.ROOT) + " |")
                .toList();

        assertThat(MarkdownPages.tableCells(PAGE, "span")).hasSize(SpanType.values().length);
        assertThat(MarkdownPages.read(PAGE)).contains(rows);
    }

    private static String displayName(SpanType type) {
        return switch (type) {
            case HTTP_SERVER -> "{method} {route}";
            case HTTP_CLIENT -> "{method}";
            case COMMAND -> type.label() + " {type}";
            default -> type.label();
        };
    }

    @Test
    void tableListsEveryAttribute() {
        assertThat(MarkdownPages.tableCells(PAGE, "attribute"))
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(SpanAttribute.values())
                        .map(SpanAttribute::attributeName)
                        .toList());
    }
}
