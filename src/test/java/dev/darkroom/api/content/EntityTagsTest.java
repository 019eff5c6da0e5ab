package dev.darkroom.api.content;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EntityTagsTest {
    private static final String ETAG = "\"2c26b46b\"";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"2c26b46b\"",
                "W/\"2c26b46b\"",
                "*",
                " * ",
                "\"other\", \"2c26b46b\"",
                "\"other\",W/\"2c26b46b\",\"third\"",
                "\"with, comma\", \"2c26b46b\"",
                ",, \"2c26b46b\"",
            })
    void matchesTagOfList(String ifNoneMatch) {
        assertThat(EntityTags.matches(ifNoneMatch, ETAG)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\"other\"",
                "2c26b46b",
                "\"2C26B46B\"",
                "\"2c26b46b",
                "w/\"2c26b46b\"",
                "\"*\"",
                "W/*",
                "\"2c26\", \"b46b\"",
                "\"a, \\\"2c26b46b\"",
            })
    void doesNotMatchOtherOrMalformedTag(String ifNoneMatch) {
        assertThat(EntityTags.matches(ifNoneMatch, ETAG)).isFalse();
    }

    @Test
    void weakTagMatchesItselfAndItsStrongForm() {
        assertThat(EntityTags.matches("W/" + ETAG, "W/" + ETAG)).isTrue();
        assertThat(EntityTags.matches(ETAG, "W/" + ETAG)).isTrue();
        assertThat(EntityTags.matches("W/\"other\"", "W/" + ETAG)).isFalse();
    }

    @Test
    void doesNotMatchWithoutHeader() {
        assertThat(EntityTags.matches(null, ETAG)).isFalse();
    }
}
