package dev.darkroom.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsFileParserTest {

    @Test
    void flattensSectionsAndKeepsTextUnchanged() {
        // when
        Map<String, String> settings = SettingsFileParser.parse("f", """
                a: 010
                b:
                  c: 0x1F
                  d: {e: yes, "f g": 'x: y'}
                h: ""
                i: ~
                j:
                k: 1.50
                l: &anchor 5
                """);

        // then
        assertThat(settings)
                .containsExactly(
                        Map.entry("a", "010"),
                        Map.entry("b.c", "0x1F"),
                        Map.entry("b.d.e", "yes"),
                        Map.entry("b.d.f g", "x: y"),
                        Map.entry("h", ""),
                        Map.entry("i", ""),
                        Map.entry("j", ""),
                        Map.entry("k", "1.50"),
                        Map.entry("l", "5"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "# nothing but a comment\n", "---\n", "http:\n", "http:\n  # port: 9090\nretry: {}\n"})
    void acceptsFileWithoutSettings(String yaml, @TempDir Path directory) throws IOException {
        // given
        Path file = Files.writeString(directory.resolve("empty.yaml"), yaml);

        // when
        SettingsLoader.LoadedSettings loadedSettings =
                SettingsLoader.load(Map.of("DARKROOM_CONF", file.toString()), SettingsTestLoader.EMPTY_DIRECTORY);

        // then
        assertThat(loadedSettings.settings()).isEqualTo(SettingsTestLoader.load(Map.of()));
    }

    @ParameterizedTest
    @MethodSource
    void rejectsInvalidFileInOneLine(String yaml, String expected, @TempDir Path directory) throws IOException {
        // given
        Files.createDirectories(directory.resolve("conf"));
        Files.writeString(directory.resolve("conf/darkroom.yaml"), yaml);

        // then
        assertThat(SettingsTestLoader.errorOf(Map.of(), directory)).isEqualTo(expected);
    }

    static Stream<Arguments> rejectsInvalidFileInOneLine() {
        return Stream.of(
                // invalid YAML
                Arguments.of(
                        "retry:\n  initialDelay: 1s: 2s\n",
                        "conf/darkroom.yaml: line 2: not valid YAML: mapping values are not allowed here"),
                Arguments.of(
                        "retry:\n  initialDelay: 'x\n",
                        "conf/darkroom.yaml: line 3: not valid YAML: found unexpected end of stream"),
                Arguments.of(
                        "retry:\n\tinitialDelay: 1s\n",
                        "conf/darkroom.yaml: line 2: not valid YAML: found character 'TAB' that cannot start any token."
                                + " (Do not use TAB for indentation)"),
                Arguments.of(
                        "backend:\n  name: a\n url: b\n",
                        "conf/darkroom.yaml: line 3: not valid YAML: expected <block end>, but found '<block mapping start>'"),
                Arguments.of("backend:\n  apiKey: !sk-live!secret\n", "conf/darkroom.yaml: line 2: not valid YAML"),
                Arguments.of("backend:\n  name: a\u0001b\n", "conf/darkroom.yaml: line 1: not valid YAML"),
                Arguments.of("? [a, b]\n: c\n", "conf/darkroom.yaml: line 1: not valid YAML"),
                // wrong structure
                Arguments.of(
                        "retry\n",
                        "conf/darkroom.yaml: line 1: expected settings such as \"retry:\" and below it \"initialDelay: 1s\""),
                Arguments.of(
                        "- retry\n",
                        "conf/darkroom.yaml: line 1: expected settings such as \"retry:\" and below it \"initialDelay: 1s\""),
                Arguments.of(
                        "dataDir: a\n---\ndataDir: b\n", "conf/darkroom.yaml: line 3: expected a single YAML document"),
                Arguments.of("dataDir: a\ndataDir: b\n", "conf/darkroom.yaml: line 2: \"dataDir\" is set twice"),
                Arguments.of(
                        "http:\n  port: [8080]\n",
                        "conf/darkroom.yaml: line 2: expected a single value for \"http.port\", got a list"),
                Arguments.of(
                        "dataDir: &dir kept\nimageDir: *dir\n",
                        "conf/darkroom.yaml: line 2: expected a value for \"imageDir\", got a YAML alias"),
                Arguments.of(
                        "http: 8080\n", "conf/darkroom.yaml: expected settings below \"http\", got a single value"),
                Arguments.of(
                        "dataDir:\n  path: kept\n",
                        "conf/darkroom.yaml: expected a single value for \"dataDir\", got settings below it"),
                // unknown settings
                Arguments.of(
                        "retry:\n  initialDela: 1s\n",
                        "conf/darkroom.yaml: unknown setting \"retry.initialDela\"; did you mean \"retry.initialDelay\"?"),
                Arguments.of(
                        "retri:\n  initialDelay: 1s\n",
                        "conf/darkroom.yaml: unknown setting \"retri.initialDelay\"; did you mean \"retry.initialDelay\"?"),
                Arguments.of(
                        "backend:\n  apikey: x\n",
                        "conf/darkroom.yaml: unknown setting \"backend.apikey\"; did you mean \"backend.apiKey\"?"),
                Arguments.of(
                        "maxRetryAfter: 4\n",
                        "conf/darkroom.yaml: unknown setting \"maxRetryAfter\"; did you mean \"retry.maxRetryAfter\"?"),
                Arguments.of("port: 4\n", "conf/darkroom.yaml: unknown setting \"port\""),
                Arguments.of("colour: blue\n", "conf/darkroom.yaml: unknown setting \"colour\""),
                Arguments.of("colour:\n", "conf/darkroom.yaml: unknown setting \"colour\""),
                Arguments.of("\"a\\nb\": 1\n", "conf/darkroom.yaml: unknown setting \"a\\u000ab\""),
                // invalid values
                Arguments.of(
                        "retry:\n  initialDelay: fast\n",
                        "conf/darkroom.yaml: retry.initialDelay: expected a duration such as 250ms, 1s or 15m, got \"fast\""),
                Arguments.of(
                        "retry:\n  initialDelay: 1\n",
                        "conf/darkroom.yaml: retry.initialDelay: expected a duration such as 250ms, 1s or 15m, got \"1\""),
                Arguments.of(
                        "retry:\n  initialDelay:\n",
                        "conf/darkroom.yaml: retry.initialDelay: expected a duration such as 250ms, 1s or 15m, got nothing"),
                Arguments.of(
                        "http:\n  port: 0x1F\n",
                        "conf/darkroom.yaml: http.port: expected a whole number from 0 to 65535, got \"0x1F\""),
                Arguments.of("dataDir: \"\"\n", "conf/darkroom.yaml: dataDir: expected a directory, got nothing"));
    }

    @Test
    void namesFileAsConfigured(@TempDir Path directory) throws IOException {
        // given
        Files.writeString(directory.resolve("mine.yaml"), "colour: blue\n");

        // then
        assertThat(SettingsTestLoader.errorOf(Map.of("DARKROOM_CONF", "./mine.yaml"), directory))
                .isEqualTo("./mine.yaml: unknown setting \"colour\"");
    }
}
