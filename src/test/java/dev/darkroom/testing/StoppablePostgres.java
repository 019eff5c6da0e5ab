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
 * PostgreSQL server that a test can stop and restart, with the same address and data. The methods block until the change is
 * complete.
 */
public interface StoppablePostgres extends AutoCloseable {
    /** System property with the container image of the server. When it is unset, tests use the embedded PostgreSQL. */
    String IMAGE_PROPERTY = "darkroom.test.postgresImage";

    /** Shutdown mode, named as in PostgreSQL. */
    enum Mode {
        /** Terminates sessions and shuts down cleanly. */
        FAST,
        /** Aborts as in a crash. The next start recovers from the WAL. */
        IMMEDIATE
    }

    /** Starts a new server. */
    static StoppablePostgres start(Path directory) {
        String image = System.getProperty(IMAGE_PROPERTY);
        return image == null ? StoppableEmbeddedPostgres.create(directory) : PostgresContainer.start(image);
    }

    /** Returns the URL of an empty database. Its user owns it and can create further databases. */
    DatabaseUrl url();

    void stop(Mode mode);

    void restart();

    /** Stops the server and deletes its data. */
    @Override
    void close();

    /**
     * Returns a free port that stays usable across restarts. It is outside the ephemeral range: otherwise an outgoing connection
     * could take it while the server is down, even a connection attempt to the server itself.
     */
    static int reservePort() {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(20_000, 30_000);
            try (ServerSocket socket = new ServerSocket()) {
                socket.setReuseAddress(false);
                socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                return port;
            } catch (java.net.BindException taken) {
                // Try another port.
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
