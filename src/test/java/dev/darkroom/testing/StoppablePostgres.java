package dev.darkroom.testing;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.database.embedded.StoppableEmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A PostgreSQL that a test may stop, keep away and start again, at the same address and with its data. The methods block
 * until what they do is done.
 */
public interface StoppablePostgres extends AutoCloseable {
    /** The image to take the server from. Not set: a cluster of the embedded PostgreSQL. */
    String IMAGE_PROPERTY = "darkroom.test.postgresImage";

    /** How PostgreSQL is told to stop, in its own words. */
    enum Mode {
        /** Sessions are ended, what is written is put in order. */
        FAST,
        /** As in a crash: everything is dropped where it stands, the next start recovers from the log. */
        IMMEDIATE
    }

    /** Starts a new one. */
    static StoppablePostgres start(Path directory) {
        String image = System.getProperty(IMAGE_PROPERTY);
        return image == null ? StoppableEmbeddedPostgres.create(directory) : PostgresContainer.start(image);
    }

    /** An empty database, as its owner, who may make further ones. */
    DatabaseUrl url();

    void stop(Mode mode);

    void restart();

    /** Stops it for good; its data goes. */
    @Override
    void close();

    /**
     * A free port to come back to. Outside the range from which outgoing connections get theirs: otherwise one of them
     * could take it while the server is away, even one that tries to reach the server and so reaches itself.
     */
    static int reservePort() {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(20_000, 30_000);
            try (ServerSocket socket = new ServerSocket()) {
                socket.setReuseAddress(false);
                socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                return port;
            } catch (java.net.BindException taken) {
                // The next one, then.
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
