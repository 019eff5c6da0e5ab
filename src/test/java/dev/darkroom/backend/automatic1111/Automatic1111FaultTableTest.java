package dev.darkroom.backend.automatic1111;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendFault;
import dev.darkroom.backend.FaultTable;
import dev.darkroom.backend.HostileServerTests;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Generates the tables of faults and of dialects in {@code docs/backends/automatic1111.md}. */
class Automatic1111FaultTableTest extends Automatic1111Fixture implements HostileServerTests {
    @Test
    void documentsFaults() {
        assertDocumented(
                new FaultTable("automatic1111", "faults", getClass()),
                Stream.concat(
                                BackendFault.common(),
                                Stream.of(BackendFault.of(
                                        "success with a URL in place of an image", "{\"url\":\"http://127.0.0.1/x\"}")))
                        .toList());
    }

    @Test
    void documentsDialects() {
        assertDocumented(
                new FaultTable("automatic1111", "dialects", getClass()),
                dialects().map(Dialect::toFault).toList());
    }

    @ParameterizedTest
    @MethodSource("dialects")
    void readsTheDetailOfEachDialect(Dialect dialect) {
        // given
        simulator.script(dialect.toFault().step().get());

        // when
        BackendFailure failure = failed(generate(request(1)));

        // then
        assertThat(failure.httpStatus()).isEqualTo(dialect.status());
        assertThat(failure.detail()).startsWith(dialect.detail());
        assertThat(failure.message()).doesNotContain(dialect.detail());
    }

    /**
     * Error of a server.
     *
     * @param detail start of the text for the log
     */
    record Dialect(String label, int status, String body, String detail) {
        BackendFault toFault() {
            return BackendFault.response(label, status, body);
        }
    }

    static Stream<Dialect> dialects() {
        return Stream.of(
                // Issue 9467 of stable-diffusion-webui.
                new Dialect(
                        "AUTOMATIC1111, Forge: 500 `HTTPException`",
                        500,
                        "{\"error\":\"HTTPException\",\"detail\":\"Invalid encoded image\",\"body\":\"\",\"errors\":\"\"}",
                        "HTTPException: Invalid encoded image"),
                // FastAPI.
                new Dialect(
                        "AUTOMATIC1111, Forge: 422 with a list in `detail`",
                        422,
                        "{\"detail\":[{\"loc\":[\"body\",\"width\"],\"msg\":\"value is not a valid integer\","
                                + "\"type\":\"type_error.integer\"}]}",
                        "[{\"loc\":[\"body\",\"width\"]"),
                new Dialect(
                        "AUTOMATIC1111, Forge: 401 with `--api-auth`",
                        401,
                        "{\"detail\":\"Not authenticated\"}",
                        "Not authenticated"),
                // Issue 20 of cyanic-sd-krita.
                new Dialect(
                        "SD.Next: 500 `OutOfMemoryError`",
                        500,
                        "{\"error\":\"OutOfMemoryError\",\"detail\":\"\",\"body\":\"\",\"errors\":\"CUDA out of memory."
                                + " Tried to allocate 1.11 GiB (GPU 0; 6.00 GiB total capacity)\"}",
                        "OutOfMemoryError: CUDA out of memory."),
                // Issue 2039 of LibreChat.
                new Dialect(
                        "SD.Next: 404 for an unknown sampler",
                        404,
                        "{\"error\":\"HTTPException\",\"code\":404,\"detail\":\"Sampler not found\",\"body\":\"\","
                                + "\"errors\":\"404: Sampler not found\"}",
                        "404: HTTPException: 404: Sampler not found"),
                // examples/server of stable-diffusion.cpp.
                new Dialect("`sd-server`: 400", 400, "{\"error\":\"prompt required\"}", "prompt required"),
                new Dialect(
                        "`sd-server`: 500",
                        500,
                        "{\"error\":\"server_error\",\"message\":\"bad allocation\"}",
                        "server_error: bad allocation"),
                new Dialect(
                        "KoboldCpp: 503, busy",
                        503,
                        "{\"detail\":{\"msg\":\"Server is busy; please try again later.\",\"type\":\"service_unavailable\"}}",
                        "{\"msg\":\"Server is busy"),
                new Dialect(
                        "gateway: 200 with the error of its server",
                        200,
                        "{\"error\":\"OutOfMemoryError\",\"images\":[]}",
                        "OutOfMemoryError"));
    }
}
