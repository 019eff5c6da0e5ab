package dev.darkroom.backend.comfyui;

import dev.darkroom.backend.BackendFault;
import dev.darkroom.backend.FaultTable;
import dev.darkroom.backend.HostileServerTests;
import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.SimulatorBackendFixture;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.BackendType;
import java.net.URI;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Generates the table of faults in {@code docs/backends/comfyui.md}. */
class ComfyUiFaultTableTest extends SimulatorBackendFixture implements HostileServerTests {
    @Override
    protected BackendSettings backendSettings() {
        return settings("type", BackendType.COMFYUI, "workflow", ComfyUiBackendFixture.WORKFLOW);
    }

    @Override
    protected ImageBackend createBackend(URI base) {
        return new ComfyUiBackend(vertx, backendSettings(), base, memory(), MAX_HEADER_BYTES, null, POLL_INTERVAL);
    }

    @Override
    protected ImageRequest request(int count) {
        return ComfyUiBackendFixture.request(count);
    }

    @Test
    void documentsFaults() {
        assertDocumented(
                new FaultTable("comfyui", "faults", getClass()),
                Stream.of(
                                BackendFault.common(),
                                Stream.of(BackendFault.of(
                                        "failed job with `torch.OutOfMemoryError`",
                                        "{\"failedJob\":\"torch.OutOfMemoryError: Allocation on device 0\"}")),
                                BackendFault.downloads(),
                                Stream.of(BackendFault.of("image: file that does not exist", "{\"url\":\"none.png\"}")))
                        .flatMap(part -> part)
                        .toList());
    }
}
