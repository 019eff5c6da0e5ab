package dev.darkroom.node;

import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** Nodes without heartbeats. */
public final class LocalNodeFixture {
    private LocalNodeFixture() {}

    /** Returns a node with an id that is valid for an hour. */
    public static LocalNode valid(UUID id) {
        LocalNode node = new LocalNode(System::nanoTime);
        node.confirm(id, System.nanoTime(), TimeUnit.HOURS.toNanos(1));
        return node;
    }
}
