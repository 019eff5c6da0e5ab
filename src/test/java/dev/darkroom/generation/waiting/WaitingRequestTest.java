package dev.darkroom.generation.waiting;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import org.junit.jupiter.api.Test;

class WaitingRequestTest {
    private static WaitingRequest request(int retryCount, String address, String body) {
        return new WaitingRequest(UUID.randomUUID(), UUID.randomUUID(), retryCount, address, body);
    }

    @Test
    void requestsOfACallHaveTheSameDigest() {
        assertThat(request(0, "::1", "body").callerDigest("ann"))
                .isEqualTo(request(1, "::1", "body").callerDigest("ann"))
                .matches("[0-9a-f]{64}");
    }

    @Test
    void userAddressAndBodyMatter() {
        assertThat(request(0, "::1", "body").callerDigest("ann"))
                .isNotEqualTo(request(0, "::1", "body").callerDigest("mary"))
                .isNotEqualTo(request(0, "::2", "body").callerDigest("ann"))
                .isNotEqualTo(request(0, "::1", "other").callerDigest("ann"))
                // The same characters in other parts.
                .isNotEqualTo(request(0, "n::1", "body").callerDigest("an"));
    }
}
