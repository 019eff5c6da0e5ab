package dev.darkroom.notification.stream;

import java.util.List;

/** Somebody who listens, as the hub sees them: an open connection, whatever it speaks. */
@FunctionalInterface
public interface NotificationFrameSink {

    /**
     * Frames to be written, in this order. Called on the hub's event loop. The hub has no more for it until {@link NotificationSubscription#markWritable}
     * says that it may: so much memory a reader can cost that does not read.
     */
    void send(List<NotificationFrame> frames);
}
