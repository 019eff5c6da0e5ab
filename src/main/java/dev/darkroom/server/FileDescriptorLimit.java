package dev.darkroom.server;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.darkroom.config.Settings;
import java.lang.management.ManagementFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How many files the operating system lets this process have open: each connection is one. */
final class FileDescriptorLimit {
    private static final Logger LOG = LoggerFactory.getLogger(FileDescriptorLimit.class);

    /** The rest is for requests, pictures and the database. */
    private static final double STREAM_SHARE = 0.8;

    /** About 30 when idle, 64 of the management port, and some for logs, certificates, LISTEN and the cluster. */
    private static final int RESERVED_DESCRIPTORS = 110;

    private FileDescriptorLimit() {}

    /** The settings, with no more streams than there can be. */
    static Settings.Streams limitStreams(Settings.Streams settings) {
        if (!(ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system)) {
            return settings;
        }
        long descriptors = system.getMaxFileDescriptorCount();
        int most = (int) Math.min(settings.perProcess(), Math.max(1, (long) (descriptors * STREAM_SHARE)));
        LOG.atInfo()
                .addKeyValue("descriptors", descriptors)
                .addKeyValue("streams", most)
                .log("streams at most");
        return new Settings.Streams(
                settings.perUser(),
                most,
                settings.connectsPerSecond(),
                settings.connectsPerSecondPerAddress(),
                settings.revalidateInterval(),
                settings.slowConsumerTimeout());
    }

    /** Returns the number of files that the operating system allows, or a large number where it does not say. */
    static long maxOpenFiles() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
                ? system.getMaxFileDescriptorCount()
                : Integer.MAX_VALUE;
    }

    /**
     * Returns how many images may be open at once to be sent: a sixteenth of the files.
     *
     * @param descriptors as {@link #maxOpenFiles} returns them
     */
    static int maxOpenImages(long descriptors) {
        return (int) Math.max(8, Math.min(1024, descriptors / 16));
    }

    /**
     * Limits connections, so that files remain for what this process does itself.
     *
     * @param descriptors as {@link #maxOpenFiles} returns them
     */
    static Settings.Connections limitConnections(Settings settings, long descriptors) {
        Settings.Connections wanted = settings.connections();
        long reserve = RESERVED_DESCRIPTORS
                + maxOpenImages(descriptors)
                + settings.database().poolSize()
                // A call, and the image that it stores or downloads.
                + 2L * settings.worker().concurrency()
                + settings.webhooks().concurrency();
        long connections = descriptors - reserve;
        if (connections < descriptors / 4) {
            LOG.atWarn()
                    .addKeyValue("descriptors", descriptors)
                    .addKeyValue("reserve", reserve)
                    .log("few file descriptors, connections get a quarter of them");
            connections = descriptors / 4;
        }
        int max = (int) Math.min(wanted.max(), connections);
        int perAddress = Math.min(wanted.perAddress(), Math.max(1, max / 2));
        LOG.atInfo()
                .addKeyValue("descriptors", descriptors)
                .addKeyValue("connections", max)
                .addKeyValue("perAddress", perAddress)
                .log("connections limited");
        return new Settings.Connections(max, perAddress, wanted.http2ClearText());
    }
}
