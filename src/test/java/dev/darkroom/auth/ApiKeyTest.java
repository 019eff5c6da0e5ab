package dev.darkroom.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Format, hash and string representation of API keys. */
class ApiKeyTest {
    private static final String TEXT = "dk_0123456789abcdef_" + "0123456789abcdef".repeat(4);

    @Test
    void parsesGeneratedKey() {
        // given
        ApiKey generated = ApiKey.generate(new SecureRandom());

        // when
        ApiKey parsed = ApiKey.parse(generated.secret()).orElseThrow();

        // then
        assertThat(parsed.id()).isEqualTo(generated.id());
        assertThat(parsed.hash()).isEqualTo(generated.hash());
    }

    @Test
    void generatesUniqueKeys() {
        // given
        SecureRandom random = new SecureRandom();
        Set<String> ids = new HashSet<>();
        Set<String> hashes = new HashSet<>();

        // when
        for (int i = 0; i < 1000; i++) {
            ApiKey key = ApiKey.generate(random);
            ids.add(key.id());
            hashes.add(key.hash());
        }

        // then
        assertThat(ids).hasSize(1000);
        assertThat(hashes).hasSize(1000);
    }

    @Test
    void idAndHashDoNotRevealSecret() {
        // given
        ApiKey key = ApiKey.parse(TEXT).orElseThrow();

        // then
        assertThat(key.id()).isEqualTo("dk_0123456789abcdef");
        assertThat(key).hasToString("dk_0123456789abcdef");
        // The output of sha256sum.
        assertThat(key.hash()).isEqualTo("884cf67a11046bfbadf26107b046da673cc7f9bfd7f2b84db53ea944c5d09359");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "dk_",
                "dk_0123456789abcdef",
                "DK_0123456789abcdef_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                "dk_0123456789abcdeF_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                "dk_0123456789abcdef_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0",
                "dk_0123456789abcdef_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n",
                "eyJhbGciOiJub25lIn0.e30."
            })
    void rejectsMalformedKey(String text) {
        assertThat(ApiKey.parse(text)).isEmpty();
    }
}
