package dev.darkroom.backend.replicate;

import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.BackendFault;
import dev.darkroom.backend.FaultTable;
import dev.darkroom.backend.HostileServerTests;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Generates the table of faults in {@code docs/backends/cog.md}. */
class CogFaultTableTest extends CogFixture implements HostileServerTests {
    /** The container rejects a prediction until it has canceled that of a closed connection. */
    @Override
    protected void awaitReady() {
        await().until(() -> simulator.get("/health-check").getString("status").equals("READY"));
    }

    @Test
    void documentsFaults() {
        assertDocumented(
                new FaultTable("cog", "faults", getClass()),
                Stream.of(
                                BackendFault.common(),
                                Stream.of(BackendFault.of(
                                        "failed job that was canceled",
                                        "{\"status\":200,\"body\":{\"id\":\"a\",\"status\":\"canceled\"}}")),
                                BackendFault.downloads(),
                                BackendFault.urls())
                        .flatMap(part -> part)
                        .toList());
    }
}
