package dev.darkroom.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The expiry read from a verified token. */
class CredentialTest {

    @ParameterizedTest
    @CsvSource({
        "1795600800, 2026-11-25T10:00:00Z",
        "1795600800.9, 2026-11-25T10:00:00Z",
        "253402300800, 9999-12-31T23:59:59Z",
        "9223372036854775807, 9999-12-31T23:59:59Z",
        "1e30, 9999-12-31T23:59:59Z",
        "1e400, 9999-12-31T23:59:59Z",
        "100000000000000000000000000000000, 9999-12-31T23:59:59Z",
    })
    void capsExpiryToDatabaseRange(String exp, Instant expected) {
        String claims = Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(("{\"exp\":" + exp + "}").getBytes(StandardCharsets.UTF_8));

        assertThat(Credential.fromAuthorizationHeader("Bearer e30." + claims + ".c2ln")
                        .expiresAt())
                .isEqualTo(expected);
    }
}
