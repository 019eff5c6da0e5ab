package dev.darkroom.testing.browser;

import dev.darkroom.testing.TestDirectories;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Provides a {@link BrowserSession} for each test. A test fails when a page has an unexpected error, violates its
 * Content-Security-Policy or sends a request to another origin. Writes screenshots and requests of failed tests to {@code
 * target/browser}. The field is annotated with {@code @RegisterExtension}.
 */
public final class BrowserExtension implements BeforeEachCallback, AfterTestExecutionCallback, AfterEachCallback {
    private static final Path FAILURES = Path.of("target", "browser");

    private Path directory;
    private BrowserSession session;

    @Override
    public void beforeEach(ExtensionContext test) throws Exception {
        directory = Files.createTempDirectory("darkroom-browser");
        session = new BrowserSession(directory);
    }

    /** Returns the browser of the current test. */
    public BrowserSession session() {
        return session;
    }

    @Override
    public void afterTestExecution(ExtensionContext test) throws Exception {
        if (test.getExecutionException().isEmpty()) {
            session.log().assertClean();
            return;
        }
        String name = test.getRequiredTestClass().getSimpleName() + "."
                + test.getRequiredTestMethod().getName();
        int number = 0;
        for (String tab : session.tabs()) {
            session.switchTo(tab);
            session.saveScreenshot(FAILURES.resolve(name + "-" + ++number + ".png"));
        }
        StringBuilder text = new StringBuilder();
        session.log().unexpectedErrors().forEach(error -> text.append(error).append('\n'));
        session.log().requests().forEach(request -> text.append(request).append('\n'));
        Files.writeString(FAILURES.resolve(name + ".txt"), text);
    }

    @Override
    public void afterEach(ExtensionContext test) {
        if (session != null) {
            session.close();
        }
        if (directory != null) {
            TestDirectories.delete(directory);
        }
    }
}
