package dev.darkroom.api.contract;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Validation of requests does not depend on the worker pool that all verticles share. */
class EventLoopValidationTest {
    private static final byte[] BODY = "{\"prompt\": \"A lighthouse\"}".getBytes(UTF_8);

    @Test
    void busyWorkerPoolDelaysOnlyTheLibraryValidation() throws Exception {
        try (ValidationServers validationServers = new ValidationServers()) {
            int darkroomPort = validationServers.startDarkroomValidation();
            int libraryPort = validationServers.startLibraryValidation();
            CompletableFuture<HttpResponse<String>> libraryResponse;

            // given
            AutoCloseable blocked = validationServers.blockWorkerPool();
            try {
                libraryResponse = CompletableFuture.supplyAsync(
                        () -> validationServers.post(libraryPort, "application/json", BODY));

                // when
                HttpResponse<String> darkroomResponse = CompletableFuture.supplyAsync(
                                () -> validationServers.post(darkroomPort, "application/json", BODY))
                        .get(60, TimeUnit.SECONDS);

                // then
                assertThat(darkroomResponse.statusCode()).isEqualTo(204);
                assertThat(libraryResponse).isNotDone();
            } finally {
                blocked.close();
            }
            assertThat(libraryResponse.get(60, TimeUnit.SECONDS).statusCode()).isEqualTo(204);
        }
    }
}
