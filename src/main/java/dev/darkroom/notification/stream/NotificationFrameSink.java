package dev.darkroom.notification.stream;

import java.util.List;

/** Open connection that writes the frames of a subscription, independent of the protocol. */
@FunctionalInterface
public interface NotificationFrameSink {

    /**
     * Writes frames in this order. Called on the context of the hub; must not block. The hub sends no more until
     * {@link NotificationSubscription#markWritable} is called, which bounds the memory of a client that does not read.
     */
    void send(List<NotificationFrame> frames);
}
