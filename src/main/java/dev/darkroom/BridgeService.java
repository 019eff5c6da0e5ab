package dev.darkroom;

import dev.darkroom.access.Access;
import dev.darkroom.api.Annex;
import dev.darkroom.bridge.Bridges;
import dev.darkroom.config.Settings;
import io.vertx.core.Vertx;

/** The bridges from the event bus to programs that only listen, as far as the settings open any. */
final class BridgeService {
    private final Settings settings;
    private final Bridges bridges;

    BridgeService(Settings settings, Access access) {
        this.settings = settings;
        this.bridges = new Bridges(settings.bridge(), access.doorkeeper(), access.failures());
    }

    /** What the API serves of them; null for nothing. */
    Annex annex() {
        if (!settings.bridge().sockjs() || settings.api().instances() == 0) {
            return null;
        }
        bridges.announceSockJs();
        return bridges::sockJs;
    }

    /** Opens the other, and remembers how to close both: who only listens is sent away before the API waits for its callers. Blocking. */
    void start(Vertx vertx, Lifecycle lifecycle) throws Exception {
        Settings.Bridge at = settings.bridge();
        if (at.tcp()) {
            try {
                lifecycle.deploy(vertx, "tcp bridge", bridges.tcp());
            } catch (Exception e) {
                throw Ports.explain(e, "DARKROOM_BRIDGE", at.host(), at.port());
            }
        }
        if (at.tcp() || at.sockjs()) {
            lifecycle.started("listeners", bridges::close);
        }
    }
}
