package dev.darkroom.backend.stability;

import dev.darkroom.backend.BackendFault;
import dev.darkroom.backend.FaultTable;
import dev.darkroom.backend.HostileServerTests;
import dev.darkroom.testing.RecordedExchanges;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Generates the table of faults in {@code docs/backends/stability.md}. */
class StabilityFaultTableTest extends StabilityFixture implements HostileServerTests {
    private static final RecordedExchanges RECORDED = RecordedExchanges.load("stability");

    private static BackendFault recorded(String label, String name) {
        return BackendFault.response(
                label, RECORDED.status(name), RECORDED.responseObject(name).encode());
    }

    @Test
    void documentsFaults() {
        assertDocumented(
                new FaultTable("stability", "faults", getClass()),
                Stream.of(
                                // A request makes one image.
                                BackendFault.common()
                                        .filter(fault -> !fault.label().contains("fewer images than requested")),
                                Stream.of(
                                        recorded("403 `content_moderation`", "content moderation"),
                                        BackendFault.response(
                                                "200 with another `finish_reason`",
                                                200,
                                                "{\"image\":\"\",\"finish_reason\":\"ERROR\",\"seed\":1}")))
                        .flatMap(part -> part)
                        .toList());
    }
}
