package dev.darkroom.telemetry;

import java.util.logging.Level;
import java.util.logging.Logger;

/** Log of the OpenTelemetry SDK, which uses {@code java.util.logging}. */
final class SdkLog {
    /** A field, because the JDK keeps no strong reference to a logger. */
    private static final Logger LOGGER = Logger.getLogger("io.opentelemetry");

    private SdkLog() {}

    /** Turns the log off. {@link ReportingSpanExporter} logs failed exports. */
    static void silence() {
        LOGGER.setLevel(Level.OFF);
    }
}
