package dev.darkroom.backend.bfl;

import dev.darkroom.backend.BackendFault;
import dev.darkroom.backend.FaultTable;
import dev.darkroom.backend.HostileServerTests;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Generates the table of faults in {@code docs/backends/bfl.md}. */
class BflFaultTableTest extends BflFixture implements HostileServerTests {
    @Test
    void documentsFaults() {
        assertDocumented(
                new FaultTable("bfl", "faults", getClass()),
                Stream.of(
                                // A task makes one image.
                                BackendFault.common()
                                        .filter(fault -> !fault.label().contains("fewer images than requested")),
                                Stream.of(BackendFault.response(
                                        "task without an id", 200, "{\"polling_url\":\"http://127.0.0.1/\"}")),
                                BackendFault.downloads(),
                                BackendFault.urls())
                        .flatMap(part -> part)
                        .toList());
    }
}
