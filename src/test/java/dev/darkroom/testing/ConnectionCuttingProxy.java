package dev.darkroom.testing;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

/**
 * TCP load balancer that cuts each connection after a random number of response bytes, possibly within a header or an event.
 * Uses one event loop.
 */
public final class ConnectionCuttingProxy implements AutoCloseable {
    private final Vertx vertx = Vertx.vertx();
    private final NetClient client = vertx.createNetClient();
    private final NetServer server;
    private final IntSupplier targetPorts;
    private final IntSupplier cutLengths;
    private final AtomicInteger cutCount = new AtomicInteger();
    private volatile boolean cuttingStopped;

    /**
     * Listens on a free port of the loopback address.
     *
     * @param targetPorts supplies the target port of each connection
     * @param cutLengths supplies the number of response bytes after which a connection is cut
     */
    public ConnectionCuttingProxy(IntSupplier targetPorts, IntSupplier cutLengths) {
        this.targetPorts = targetPorts;
        this.cutLengths = cutLengths;
        try {
            server = vertx.createNetServer()
                    .connectHandler(this::onConnection)
                    .listen(0, "127.0.0.1")
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(60, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Returns random lengths: a tenth of them below 600 bytes, which may cut the response head, the others exponentially
     * distributed.
     *
     * @param mean of the exponential distribution, in bytes
     */
    public static IntSupplier randomLengths(Random random, int mean) {
        return () -> {
            synchronized (random) {
                return random.nextInt(10) == 0
                        ? random.nextInt(600)
                        : (int) (-Math.log(1 - random.nextDouble()) * mean);
            }
        };
    }

    /** Returns the port of the proxy. */
    public int port() {
        return server.actualPort();
    }

    /** Returns the number of connections cut so far. */
    public int cutCount() {
        return cutCount.get();
    }

    /** Stops cutting, including for open connections. */
    public void stopCutting() {
        cuttingStopped = true;
    }

    private void onConnection(NetSocket clientSocket) {
        clientSocket.pause();
        clientSocket.exceptionHandler(error -> {});
        client.connect(targetPorts.getAsInt(), "127.0.0.1")
                .onSuccess(targetSocket -> {
                    targetSocket.exceptionHandler(error -> {});
                    targetSocket.closeHandler(v -> clientSocket.close());
                    clientSocket.closeHandler(v -> targetSocket.close());
                    clientSocket.pipeTo(targetSocket);
                    forwardAndCut(targetSocket, clientSocket, cutLengths.getAsInt());
                })
                .onFailure(error -> clientSocket.close());
    }

    private void forwardAndCut(NetSocket targetSocket, NetSocket clientSocket, int length) {
        int[] left = {length};
        targetSocket.handler(bytes -> {
            if (left[0] < bytes.length() && !cuttingStopped) {
                cut(targetSocket, clientSocket, bytes.slice(0, left[0]));
                return;
            }
            left[0] -= bytes.length();
            clientSocket.write(bytes);
            if (clientSocket.writeQueueFull()) {
                targetSocket.pause();
                clientSocket.drainHandler(v -> targetSocket.resume());
            }
        });
    }

    private void cut(NetSocket targetSocket, NetSocket clientSocket, Buffer last) {
        cutCount.incrementAndGet();
        targetSocket.handler(late -> {});
        targetSocket.close();
        clientSocket.write(last).onComplete(written -> clientSocket.close());
    }

    @Override
    public void close() {
        try {
            vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
