package dev.darkroom.backend.sdserver;

import dev.darkroom.backend.BackendFault;
import dev.darkroom.backend.FaultTable;
import dev.darkroom.backend.HostileServerTests;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Generates the table of faults in {@code docs/backends/sd_server.md}. */
class SdServerFaultTableTest extends SdServerFixture implements HostileServerTests {
    @Test
    void documentsFaults() {
        assertDocumented(
                new FaultTable("sd_server", "faults", getClass()),
                Stream.concat(
                                BackendFault.common(),
                                Stream.of(
                                        BackendFault.response(
                                                "400 `invalid generation parameters`",
                                                400,
                                                "{\"error\":\"invalid generation parameters\"}"),
                                        BackendFault.response(
                                                "429 `job queue is full`", 429, "{\"error\":\"job queue is full\"}"),
                                        BackendFault.response(
                                                "500 `server_error`",
                                                500,
                                                "{\"error\":\"server_error\",\"message\":\"bad allocation\"}"),
                                        BackendFault.of(
                                                "failed job `generation_failed`",
                                                "{\"failedJob\":\"generate_image returned no results\"}"),
                                        BackendFault.of(
                                                "success with a URL in place of an image",
                                                "{\"url\":\"http://127.0.0.1/x\"}")))
                        .toList());
    }
}
