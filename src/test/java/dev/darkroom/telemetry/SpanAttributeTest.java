package dev.darkroom.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.semconv.DbAttributes;
import io.opentelemetry.semconv.ErrorAttributes;
import io.opentelemetry.semconv.HttpAttributes;
import io.opentelemetry.semconv.ServerAttributes;
import io.opentelemetry.semconv.incubating.MessagingIncubatingAttributes;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class SpanAttributeTest {

    @Test
    void otherNamesAreThoseOfTheSemanticConventions() throws Exception {
        // given
        List<String> others = Arrays.stream(SpanAttribute.values())
                .map(SpanAttribute::attributeName)
                .filter(name -> !name.startsWith("darkroom."))
                .toList();

        // then
        assertThat(others).isNotEmpty().isSubsetOf(conventions());
    }

    private static Set<String> conventions() {
        return Stream.of(
                        DbAttributes.class,
                        ErrorAttributes.class,
                        HttpAttributes.class,
                        MessagingIncubatingAttributes.class,
                        ServerAttributes.class)
                .flatMap(type -> Arrays.stream(type.getFields()))
                .filter(field -> AttributeKey.class.isAssignableFrom(field.getType()))
                .map(field -> {
                    try {
                        return ((AttributeKey<?>) field.get(null)).getKey();
                    } catch (IllegalAccessException e) {
                        throw new IllegalStateException(e);
                    }
                })
                .collect(Collectors.toSet());
    }
}
