package dev.darkroom.testing;

import java.net.URI;
import java.util.List;

/** A running service, either in the test JVM or in a process of its own. */
public interface DarkroomInstance extends AutoCloseable {

    /** Returns scheme, host and port of the API. */
    URI api();

    /** Returns scheme, host and port of the management interface. */
    URI management();

    /** Returns the log lines so far. */
    List<String> log();

    /** Stops the service and returns the exit code, 0 within the test JVM. */
    int stop();

    /** Returns a client of the API without credentials. */
    default ApiClient client() {
        return new ApiClient(api());
    }

    /** Returns the log lines that contain a generation id. */
    default List<String> log(String generationId) {
        return log().stream().filter(line -> line.contains(generationId)).toList();
    }

    @Override
    void close();
}
