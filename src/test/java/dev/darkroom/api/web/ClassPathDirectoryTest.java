package dev.darkroom.api.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;

class ClassPathDirectoryTest {
    @Test
    void readsDirectoryOfClasses() throws Exception {
        SortedMap<String, byte[]> files = ClassPathDirectory.readFiles("web/studio");

        assertThat(files).containsKeys("index.html", "main.js", "styles/tokens.css");
        assertThat(files.get("main.js"))
                .isEqualTo(Files.readAllBytes(Path.of("src/main/resources/web/studio/main.js")));
    }

    @Test
    void readsDirectoryOfJar() throws Exception {
        SortedMap<String, byte[]> files = ClassPathDirectory.readFiles("org/junit/jupiter/params");

        assertThat(files).containsKeys("ParameterizedTest.class", "provider/ValueSource.class");
        try (var in = getClass().getResourceAsStream("/org/junit/jupiter/params/provider/ValueSource.class")) {
            assertThat(files.get("provider/ValueSource.class")).isEqualTo(in.readAllBytes());
        }
    }

    @Test
    void rejectsMissingDirectory() {
        assertThatThrownBy(() -> ClassPathDirectory.readFiles("web/nothing"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the class path has no directory web/nothing");
    }
}
