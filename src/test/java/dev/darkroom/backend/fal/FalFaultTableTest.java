package dev.darkroom.backend.fal;

import dev.darkroom.backend.BackendFault;
import dev.darkroom.backend.FaultTable;
import dev.darkroom.backend.HostileServerTests;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Generates the table of faults in {@code docs/backends/fal.md}. */
class FalFaultTableTest extends FalFixture implements HostileServerTests {
    private static BackendFault failedRequest(String errorType) {
        return BackendFault.of(
                "result with `X-Fal-Error-Type: " + errorType + "`",
                "{\"failedJob\":\"" + errorType + ": Request failed\"}");
    }

    @Test
    void documentsFaults() {
        assertDocumented(
                new FaultTable("fal", "faults", getClass()),
                Stream.of(
                                BackendFault.common(),
                                Stream.of(
                                                "startup_timeout",
                                                "runner_scheduling_failure",
                                                "runner_connection_refused",
                                                "request_timeout",
                                                "runner_disconnected",
                                                "runner_connection_timeout",
                                                "runner_incomplete_response",
                                                "internal_error",
                                                "client_cancelled")
                                        .map(FalFaultTableTest::failedRequest),
                                BackendFault.downloads(),
                                BackendFault.urls())
                        .flatMap(part -> part)
                        .toList());
    }
}
