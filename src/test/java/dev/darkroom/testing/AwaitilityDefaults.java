package dev.darkroom.testing;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Sets the deadline of waits that name none. Keeps exceptions of other threads, such as those of a service that stops, out of the
 * waits of a test. JUnit finds this extension by itself: {@code junit-platform.properties}.
 */
public final class AwaitilityDefaults implements BeforeAllCallback {
    @Override
    public void beforeAll(ExtensionContext testClass) {
        Awaitility.setDefaultTimeout(Duration.ofSeconds(60));
        Awaitility.doNotCatchUncaughtExceptionsByDefault();
    }
}
