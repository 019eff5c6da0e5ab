package dev.darkroom.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an API key looks like, and what of it may be seen. */
class ApiKeyTest {
    private static final String TEXT = "dk_0123456789abcdef_" + "0123456789abcdef".repeat(4);

    @Test
    void isReadAsItWasMinted() {
        // given
        ApiKey minted = ApiKey.generate(new SecureRandom());

        // when
        ApiKey read = ApiKey.parse(minted.secret()).orElseThrow();

        // then
        assertThat(read.id()).isEqualTo(minted.id());
        assertThat(read.hash()).isEqualTo(minted.hash());
    }

    @Test
    void noTwoAreAlike() {
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
    void itsNameAndItsHashDoNotTellTheSecret() {
        // given
        ApiKey key = ApiKey.parse(TEXT).orElseThrow();

        // then
        assertThat(key.id()).isEqualTo("dk_0123456789abcdef");
        assertThat(key).hasToString("dk_0123456789abcdef");
        // As sha256sum has it.
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
    void nothingElseIsAKey(String text) {
        assertThat(ApiKey.parse(text)).isEmpty();
    }
}
