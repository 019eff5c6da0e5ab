package dev.darkroom.bridge;

import dev.darkroom.access.Address;
import dev.darkroom.access.CutOff;
import dev.darkroom.inbound.UnsentAccount;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Listens for those who listen by TCP, in the protocol of {@code vertx-tcp-eventbus-bridge}. One per process. */
public final class TcpBridgeVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(TcpBridgeVerticle.class);

    private final Rules rules;
    private final String host;
    private final int port;
    private NetServer server;

    TcpBridgeVerticle(Rules rules, String host, int port) {
        this.rules = rules;
        this.host = host;
        this.port = port;
    }

    @Override
    public Future<?> start() {
        server = vertx.createNetServer(new NetServerOptions().setTcpKeepAlive(true))
                .connectHandler(this::connected)
                .exceptionHandler(failure -> LOG.debug("a connection failed", failure));
        return server.listen(port, host)
                .onSuccess(listening -> LOG.atWarn()
                        .addKeyValue("host", host)
                        .addKeyValue("port", listening.actualPort())
                        .addKeyValue("addresses", rules.addresses())
                        .log("events are told to whoever may listen on this port, in the clear"));
    }

    /** The port listened on, once started. */
    public int port() {
        return server.actualPort();
    }

    @Override
    public Future<?> stop() {
        return server == null ? Future.succeededFuture() : server.close();
    }

    private void connected(NetSocket socket) {
        Session session =
                new Session(vertx, rules, Dialect.TCP, new Tcp(socket), null, Address.of(socket.remoteAddress()));
        if (!session.begin()) {
            socket.close();
            return;
        }
        socket.handler(new Frames(session::received, socket::close))
                .exceptionHandler(failure -> socket.close())
                .closeHandler(gone -> session.closed());
    }

    private record Tcp(NetSocket socket, UnsentAccount unsent, Runnable abort) implements Wire {
        private Tcp(NetSocket socket) {
            this(socket, UnsentAccount.of(socket), () -> CutOff.of(socket));
        }

        @Override
        public void identify(String user) {
            unsent.identify(user);
        }

        @Override
        public Future<Void> write(JsonObject frame) {
            Buffer bytes = Frames.encode(frame);
            return unsent.write(bytes.length(), abort, () -> socket.write(bytes));
        }

        @Override
        public void close() {
            socket.close();
        }

        @Override
        public void cutOff() {
            abort.run();
        }
    }
}
