package dev.darkroom.testing;

import java.net.URI;
import java.util.List;

/** A running service, whether in the test's own virtual machine or a process of its own. */
public interface DarkroomInstance extends AutoCloseable {

    /** Scheme, host and port of the API. */
    URI api();

    /** Scheme, host and port of the health checks. */
    URI management();

    /** What it has logged so far, a line each. */
    List<String> log();

    /** Stops it in order; the exit code that a process would have. */
    int stop();

    /** A client of the API. */
    default ApiClient client() {
        return new ApiClient(api());
    }

    /** The lines of one generation's story. */
    default List<String> log(String generationId) {
        return log().stream().filter(line -> line.contains(generationId)).toList();
    }

    @Override
    void close();
}
