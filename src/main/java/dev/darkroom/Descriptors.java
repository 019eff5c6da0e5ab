package dev.darkroom;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.darkroom.config.Settings;
import java.lang.management.ManagementFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How many files the operating system lets this process have open: each connection is one. */
final class Descriptors {
    private static final Logger LOG = LoggerFactory.getLogger(Descriptors.class);

    /** The rest is for requests, pictures and the database. */
    private static final double FOR_STREAMS = 0.8;

    private Descriptors() {}

    /** The settings, with no more streams than there can be. */
    static Settings.Streams within(Settings.Streams settings) {
        if (!(ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system)) {
            return settings;
        }
        long descriptors = system.getMaxFileDescriptorCount();
        int most = (int) Math.min(settings.perProcess(), Math.max(1, (long) (descriptors * FOR_STREAMS)));
        LOG.atInfo()
                .addKeyValue("descriptors", descriptors)
                .addKeyValue("streams", most)
                .log("streams at most");
        return new Settings.Streams(
                settings.perUser(), most, settings.connectsPerSecond(), settings.recheck(), settings.patience());
    }
}
