package dev.darkroom.server;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.darkroom.config.InboundSettings;
import dev.darkroom.config.Settings;
import java.lang.management.ManagementFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Limits connections, streams and open images to the file descriptors that the operating system allows this process. */
final class FileDescriptorLimit {
    private static final Logger LOG = LoggerFactory.getLogger(FileDescriptorLimit.class);

    /** Share of the file descriptors that streams may use. Requests, images and the database use the rest. */
    private static final double STREAM_SHARE = 0.8;

    /** About 30 of an idle process, 64 of the management port, and some for logs, certificates, LISTEN and the cluster. */
    private static final int RESERVED_DESCRIPTORS = 110;

    private FileDescriptorLimit() {}

    /** Returns the settings with {@code perProcess} reduced to the streams that the file descriptors allow. */
    static InboundSettings.Streams limitStreams(InboundSettings.Streams settings) {
        long descriptors = maxOpenFiles();
        int streams = (int) Math.min(settings.perProcess(), Math.max(1, (long) (descriptors * STREAM_SHARE)));
        LOG.atInfo()
                .addKeyValue("descriptors", descriptors)
                .addKeyValue("streams", streams)
                .log("streams limited");
        return new InboundSettings.Streams(
                settings.perUser(),
                streams,
                settings.connectsPerSecond(),
                settings.connectsPerSecondPerAddress(),
                settings.revalidateInterval(),
                settings.slowConsumerTimeout());
    }

    /** Returns the number of files that the process may open, or {@code Integer.MAX_VALUE} where it is unknown. */
    static long maxOpenFiles() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
                ? system.getMaxFileDescriptorCount()
                : Integer.MAX_VALUE;
    }

    /**
     * Returns the number of image files that responses may have open at once: a sixteenth of the descriptors, 8 to 1024.
     *
     * @param descriptors as {@link #maxOpenFiles} returns them
     */
    static int maxOpenImages(long descriptors) {
        return (int) Math.max(8, Math.min(1024, descriptors / 16));
    }

    /**
     * Returns the connection limits, reduced so that descriptors remain for the database, AI calls, webhooks and images.
     *
     * @param descriptors as {@link #maxOpenFiles} returns them
     */
    static InboundSettings.Connections limitConnections(Settings settings, long descriptors) {
        InboundSettings.Connections configured = settings.connections();
        long reserved = RESERVED_DESCRIPTORS
                + maxOpenImages(descriptors)
                + settings.database().poolSize()
                // One connection to the AI server and one image file for each attempt.
                + 2L * settings.worker().concurrency()
                + settings.webhooks().concurrency();
        long connections = descriptors - reserved;
        if (connections < descriptors / 4) {
            LOG.atWarn()
                    .addKeyValue("descriptors", descriptors)
                    .addKeyValue("reserved", reserved)
                    .log("file descriptor limit low, connections reduced");
            connections = descriptors / 4;
        }
        int max = (int) Math.min(configured.max(), connections);
        int perAddress = Math.min(configured.perAddress(), Math.max(1, max / 2));
        LOG.atInfo()
                .addKeyValue("descriptors", descriptors)
                .addKeyValue("connections", max)
                .addKeyValue("perAddress", perAddress)
                .log("connections limited");
        return new InboundSettings.Connections(max, perAddress, configured.http2ClearText());
    }
}
