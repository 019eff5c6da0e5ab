package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Section of a documentation page between two marks, generated and checked by a test. */
public final class GeneratedDocumentSection {
    private final Path page;
    private final String begin;
    private final String end;
    private final String command;

    /**
     * @param name of the section, as in its marks
     * @param source of the content, as in the mark
     * @param command that regenerates the section, without the option {@code -Ddarkroom.docs.write=true}
     */
    public GeneratedDocumentSection(String page, String name, String source, String command) {
        this.page = Path.of(page);
        this.begin = "<!-- " + name + ": generated from " + source + ", do not edit by hand -->\n";
        this.end = "<!-- end of " + name + " -->\n";
        this.command = command + " -Ddarkroom.docs.write=true";
    }

    /** Fails when the section has other content. Writes it first when {@code darkroom.docs.write} is true. */
    public void assertContent(String content) {
        try {
            String actual = Files.readString(page);
            assertThat(actual).containsOnlyOnce(begin).containsOnlyOnce(end);
            int from = actual.indexOf(begin) + begin.length();
            String expected = actual.substring(0, from) + content + actual.substring(actual.indexOf(end));
            if (Boolean.getBoolean("darkroom.docs.write")) {
                Files.writeString(page, expected);
                actual = expected;
            }
            // Compares lines, so that a failure message lists the differing ones.
            assertThat(actual.lines())
                    .as("%s is not up to date. To regenerate it: %s", page, command)
                    .containsExactlyElementsOf(expected.lines().toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
