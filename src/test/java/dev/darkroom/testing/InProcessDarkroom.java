package dev.darkroom.testing;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.darkroom.api.ApiVerticle;
import dev.darkroom.cli.ErrorLine;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.server.ProcessLifecycle;
import dev.darkroom.server.Server;
import dev.darkroom.telemetry.TraceIdFilter;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.LoggerFactory;

/** The service in the test JVM, with the production wiring. */
public final class InProcessDarkroom implements DarkroomInstance {
    private final Settings settings;
    private final ProcessLifecycle processLifecycle = new ProcessLifecycle();
    private final LogLines logLines = new LogLines();
    private final Server.RunningServer runningServer;

    private InProcessDarkroom(Settings settings) throws Exception {
        this.settings = settings;
        logLines.addFilter(new TraceIdFilter());
        logger().addAppender(logLines);
        logLines.start();
        try {
            runningServer = Server.start(settings, processLifecycle);
        } catch (Exception e) {
            close();
            throw e;
        }
    }

    /**
     * Starts a service with these settings in this JVM, or as a process of the packaged jar when the system property {@code
     * darkroom.e2e} is {@code jar}.
     */
    public static DarkroomInstance start(Path directory, DarkroomInstanceSettings settings) {
        if ("jar".equals(System.getProperty("darkroom.e2e"))) {
            return DarkroomInstanceProcess.start(directory, settings.environment());
        }
        TestImageDirectories.markAsOwned(directory, settings.environment());
        try {
            return new InProcessDarkroom(
                    SettingsLoader.load(settings.environment(), directory).settings());
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Result of a failed start.
     *
     * @param line error line that a process writes to standard error
     * @param log lines logged before the failure
     */
    public record FailedStart(String line, List<String> log) {}

    /** Starts a service and requires that the start fails. */
    public static FailedStart failStart(Path directory, DarkroomInstanceSettings settings) {
        LogLines lines = new LogLines();
        ProcessLifecycle processLifecycle = new ProcessLifecycle();
        logger().addAppender(lines);
        lines.start();
        try {
            Server.start(SettingsLoader.load(settings.environment(), directory).settings(), processLifecycle);
            throw new AssertionError("the service started");
        } catch (Exception e) {
            return new FailedStart(ErrorLine.of(e), lines.all());
        } finally {
            processLifecycle.stop();
            logger().detachAppender(lines);
            lines.stop();
        }
    }

    @Override
    public URI api() {
        return URI.create(ApiVerticle.listeningUrl(settings.http(), runningServer.apiPort()));
    }

    @Override
    public URI management() {
        return URI.create(
                ApiVerticle.listeningUrl("http", settings.management().host(), runningServer.managementPort()));
    }

    @Override
    public List<String> log() {
        return logLines.all();
    }

    @Override
    public int stop() {
        close();
        return 0;
    }

    @Override
    public void close() {
        processLifecycle.stop();
        logger().detachAppender(logLines);
        logLines.stop();
    }

    /** Returns the root logger, so that errors logged by libraries are included. */
    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    }

    /** Collects log lines with level, message and key-values. All services in the JVM share one log; ids distinguish them. */
    private static final class LogLines extends AppenderBase<ILoggingEvent> {
        private final List<String> lines = new ArrayList<>();

        @Override
        protected void append(ILoggingEvent event) {
            StringBuilder line = new StringBuilder(event.getLevel() + " " + event.getFormattedMessage());
            if (event.getKeyValuePairs() != null) {
                event.getKeyValuePairs()
                        .forEach(pair ->
                                line.append(' ').append(pair.key).append('=').append(pair.value));
            }
            synchronized (lines) {
                lines.add(line.toString());
            }
        }

        List<String> all() {
            synchronized (lines) {
                return List.copyOf(lines);
            }
        }
    }
}
