package dev.darkroom.testing.browser;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Checks a page with <a href="https://github.com/dequelabs/axe-core">axe</a>. */
public final class AccessibilityCheck {
    private static final String RUN = """
            const done = arguments[arguments.length - 1];
            axe.run(document, {resultTypes: ['violations']}).then(
                result => done(result.violations
                    .filter(found => ['serious', 'critical'].includes(found.impact))
                    .flatMap(found => found.nodes.map(node =>
                        `${found.impact} ${found.id} ${node.target.join(' ')}: ${node.failureSummary}\\n${node.html}`))),
                error => done(['axe failed: ' + error]));
            """;

    private AccessibilityCheck() {}

    /** Fails when the current tab has violations of the levels serious or critical. */
    public static void assertNoSeriousViolation(BrowserSession session, String state) {
        if (session.runScript("return typeof axe").equals("undefined")) {
            session.runScript(axe());
        }
        assertThat((List<?>) session.runAsyncScript(RUN))
                .as("violations of accessibility in the state %s", state)
                .isEmpty();
    }

    private static String axe() {
        try (InputStream script = AccessibilityCheck.class.getResourceAsStream("/axe.min.js")) {
            return new String(script.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
