package dev.darkroom.testing.browser;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Finds Chromium and its driver: those named by {@code CHROMIUM} and {@code CHROMEDRIVER}, or those of Debian. Downloads nothing. */
final class ChromiumPrograms {
    private ChromiumPrograms() {}

    static Path chromium() {
        return find("CHROMIUM", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome");
    }

    static Path driver() {
        return find("CHROMEDRIVER", "/usr/bin/chromedriver", "/usr/lib/chromium/chromedriver");
    }

    private static Path find(String variable, String... defaultPaths) {
        String configured = System.getenv(variable);
        return (configured != null ? Stream.of(configured) : Stream.of(defaultPaths))
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(
                        "needs Chromium and its driver, such as Debian's packages chromium and chromium-driver, or "
                                + variable + "=FILE"));
    }
}
