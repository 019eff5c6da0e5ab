package dev.darkroom.api.contract;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Requests are answered whatever else blocks the worker pool that all verticles share. */
class EventLoopValidationTest {
    private static final byte[] BODY = "{\"prompt\": \"A lighthouse\"}".getBytes(UTF_8);

    @Test
    void aBusyWorkerPoolHoldsUpTheLibrarysValidationAndNotOurs() throws Exception {
        try (ValidationServers validationServers = new ValidationServers()) {
            int ours = validationServers.startDarkroomValidation();
            int stock = validationServers.startLibraryValidation();
            CompletableFuture<HttpResponse<String>> byLibrary;

            // given
            AutoCloseable blocked = validationServers.blockWorkerPool();
            try {
                byLibrary =
                        CompletableFuture.supplyAsync(() -> validationServers.post(stock, "application/json", BODY));

                // when
                HttpResponse<String> byUs = CompletableFuture.supplyAsync(
                                () -> validationServers.post(ours, "application/json", BODY))
                        .get(60, TimeUnit.SECONDS);

                // then
                assertThat(byUs.statusCode()).isEqualTo(204);
                assertThat(byLibrary).isNotDone();
            } finally {
                blocked.close();
            }
            assertThat(byLibrary.get(60, TimeUnit.SECONDS).statusCode()).isEqualTo(204);
        }
    }
}
