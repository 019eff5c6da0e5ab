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
 * A load balancer that does not last: each connection goes to somebody, and breaks after so many bytes of the answer as the dice
 * say, wherever that is: in the head, in a frame, in a number. For as many connections as there are ports; one thread.
 */
public final class ConnectionCuttingProxy implements AutoCloseable {
    private final Vertx vertx = Vertx.vertx();
    private final NetClient client = vertx.createNetClient();
    private final NetServer server;
    private final IntSupplier targets;
    private final IntSupplier randomLengths;
    private final AtomicInteger cutCount = new AtomicInteger();
    private volatile boolean cuttingStopped;

    /**
     * Listens on a free port of the loopback address.
     *
     * @param targets the port of somebody who may be there, for each connection anew
     * @param lengths how many bytes of an answer come through
     */
    public ConnectionCuttingProxy(IntSupplier targets, IntSupplier lengths) {
        this.targets = targets;
        this.randomLengths = lengths;
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
     * Lengths by the dice: one in ten so short that hardly the head comes through, the others of so many bytes on average.
     */
    public static IntSupplier randomLengths(Random dice, int average) {
        return () -> {
            synchronized (dice) {
                return dice.nextInt(10) == 0 ? dice.nextInt(600) : (int) (-Math.log(1 - dice.nextDouble()) * average);
            }
        };
    }

    /** Where to connect to. */
    public int port() {
        return server.actualPort();
    }

    /** How many connections it has cut. */
    public int cutCount() {
        return cutCount.get();
    }

    /** Cuts no more, not even what is connected. */
    public void stopCutting() {
        cuttingStopped = true;
    }

    private void onConnection(NetSocket caller) {
        caller.pause();
        caller.exceptionHandler(error -> {});
        client.connect(targets.getAsInt(), "127.0.0.1")
                .onSuccess(called -> {
                    called.exceptionHandler(error -> {});
                    called.closeHandler(v -> caller.close());
                    caller.closeHandler(v -> called.close());
                    caller.pipeTo(called);
                    forwardAndCut(called, caller, randomLengths.getAsInt());
                })
                .onFailure(error -> caller.close());
    }

    private void forwardAndCut(NetSocket called, NetSocket caller, int length) {
        int[] left = {length};
        called.handler(bytes -> {
            if (left[0] < bytes.length() && !cuttingStopped) {
                cut(called, caller, bytes.slice(0, left[0]));
                return;
            }
            left[0] -= bytes.length();
            caller.write(bytes);
            if (caller.writeQueueFull()) {
                called.pause();
                caller.drainHandler(v -> called.resume());
            }
        });
    }

    private void cut(NetSocket called, NetSocket caller, Buffer last) {
        cutCount.incrementAndGet();
        called.handler(late -> {});
        called.close();
        caller.write(last).onComplete(written -> caller.close());
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
