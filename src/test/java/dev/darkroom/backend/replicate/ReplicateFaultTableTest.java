package dev.darkroom.backend.replicate;

import dev.darkroom.backend.BackendFault;
import dev.darkroom.backend.FaultTable;
import dev.darkroom.backend.HostileServerTests;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Generates the table of faults in {@code docs/backends/replicate.md}. */
class ReplicateFaultTableTest extends ReplicateFixture implements HostileServerTests {
    private static BackendFault prediction(String status, String output, boolean removed) {
        return BackendFault.response(
                "prediction `" + status + "`" + (removed ? " with `data_removed`" : ""),
                201,
                "{\"id\":\"a\",\"status\":\"" + status + "\",\"output\":" + output + ",\"data_removed\":" + removed
                        + "}");
    }

    @Test
    void documentsFaults() {
        assertDocumented(
                new FaultTable("replicate", "faults", getClass()),
                Stream.of(
                                BackendFault.common(),
                                Stream.of(
                                        prediction("aborted", "null", false),
                                        prediction("canceled", "null", false),
                                        prediction("succeeded", "null", true)),
                                BackendFault.downloads(),
                                BackendFault.urls())
                        .flatMap(part -> part)
                        .toList());
    }
}
