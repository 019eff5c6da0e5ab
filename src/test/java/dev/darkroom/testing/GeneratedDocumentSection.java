package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A part of a page of the documentation that a test knows better than we do, between two marks. */
public final class GeneratedDocumentSection {
    private final Path page;
    private final String begin;
    private final String end;
    private final String command;

    /**
     * @param name of the part, as it stands in its marks
     * @param source what it is generated from
     * @param command that writes it anew, without the option that says so
     */
    public GeneratedDocumentSection(String page, String name, String source, String command) {
        this.page = Path.of(page);
        this.begin = "<!-- " + name + ": generated from " + source + ", do not edit by hand -->\n";
        this.end = "<!-- end of " + name + " -->\n";
        this.command = command + " -Ddarkroom.docs.write=true";
    }

    /** Fails when the page shows anything else; writes the page first when the run was asked to. */
    public void assertContent(String content) {
        try {
            String shown = Files.readString(page);
            assertThat(shown).containsOnlyOnce(begin).containsOnlyOnce(end);
            int from = shown.indexOf(begin) + begin.length();
            String expected = shown.substring(0, from) + content + shown.substring(shown.indexOf(end));
            if (Boolean.getBoolean("darkroom.docs.write")) {
                Files.writeString(page, expected);
                shown = expected;
            }
            // By lines, so that a failure names those that differ.
            assertThat(shown.lines())
                    .as("%s is not up to date. To write it anew: %s", page, command)
                    .containsExactlyElementsOf(expected.lines().toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
