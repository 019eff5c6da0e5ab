package dev.darkroom;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.darkroom.api.ApiVerticle;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.testing.Darkroom;
import dev.darkroom.testing.DarkroomProcess;
import dev.darkroom.testing.DarkroomSettings;
import dev.darkroom.testing.ImageDirectories;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.LoggerFactory;

/** The service in the test's own virtual machine: the same wiring, without a process around it. */
public final class InProcessDarkroom implements Darkroom {
    private final Settings settings;
    private final Lifecycle lifecycle = new Lifecycle();
    private final LogLines lines = new LogLines();
    private final Service.Running running;

    private InProcessDarkroom(Settings settings) throws Exception {
        this.settings = settings;
        logger().addAppender(lines);
        lines.start();
        try {
            running = Service.start(settings, lifecycle);
        } catch (Exception e) {
            close();
            throw e;
        }
    }

    /**
     * Starts a service with these settings: in this virtual machine, or as the packaged jar when the suite is run with
     * {@code -Ddarkroom.e2e=jar}.
     */
    public static Darkroom start(Path directory, DarkroomSettings settings) {
        if ("jar".equals(System.getProperty("darkroom.e2e"))) {
            return DarkroomProcess.start(directory, settings.environment());
        }
        ImageDirectories.adopt(directory, settings.environment());
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
     * A start that failed.
     *
     * @param line the line that a process writes to its standard error
     * @param log the lines that it logged before
     */
    public record FailedStart(String line, List<String> log) {}

    /** Starts a service that cannot start. */
    public static FailedStart failStart(Path directory, DarkroomSettings settings) {
        LogLines lines = new LogLines();
        Lifecycle lifecycle = new Lifecycle();
        logger().addAppender(lines);
        lines.start();
        try {
            Service.start(SettingsLoader.load(settings.environment(), directory).settings(), lifecycle);
            throw new AssertionError("it has started");
        } catch (Exception e) {
            return new FailedStart(dev.darkroom.Darkroom.complaint(e), lines.all());
        } finally {
            lifecycle.stop();
            logger().detachAppender(lines);
            lines.stop();
        }
    }

    @Override
    public URI api() {
        return URI.create(ApiVerticle.listeningUrl(settings.http(), running.apiPort()));
    }

    @Override
    public URI management() {
        return URI.create(ApiVerticle.listeningUrl("http", settings.management().host(), running.managementPort()));
    }

    @Override
    public List<String> log() {
        return lines.all();
    }

    @Override
    public int stop() {
        close();
        return 0;
    }

    @Override
    public void close() {
        lifecycle.stop();
        logger().detachAppender(lines);
        lines.stop();
    }

    /** All of them, so that what a library calls an error is heard too. */
    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    }

    /** Lines as the console shows them. Services in one virtual machine share a log; ids tell their stories apart. */
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
