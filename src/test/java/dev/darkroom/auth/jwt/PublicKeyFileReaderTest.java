package dev.darkroom.auth.jwt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.testing.JwtSigningKey;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.InvalidKeyException;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Public key files of each key type, and invalid files. */
class PublicKeyFileReaderTest {
    @TempDir
    Path directory;

    static Stream<JwtSigningKey> keys() {
        return Stream.of(JwtSigningKey.rsa("k"), JwtSigningKey.ec("k", "secp256r1"), JwtSigningKey.ed25519("k"));
    }

    @ParameterizedTest
    @MethodSource("keys")
    void returnsKeyForEveryKeyId(JwtSigningKey key) throws Exception {
        // given
        Path file = Files.writeString(directory.resolve("key.pem"), "Our issuer\n" + key.pem());

        // when
        Function<String, Future<Optional<JwtVerificationKey>>> keys = PublicKeyFileReader.read(file);

        // then
        for (String name : new String[] {"k", "other", null}) {
            assertThat(keys.apply(name).result())
                    .hasValueSatisfying(
                            found -> assertThat(found.key().getEncoded()).isEqualTo(key.publicBytes()));
        }
    }

    static Stream<String> invalidKeys() {
        return Stream.of(
                "",
                "secret",
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
                "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
                "-----BEGIN PUBLIC KEY-----\nA\n-----END PUBLIC KEY-----",
                JwtSigningKey.weakRsa("k").pem());
    }

    @ParameterizedTest
    @MethodSource("invalidKeys")
    void rejectsInvalidKey(String text) throws IOException {
        Path file = Files.writeString(directory.resolve("key.pem"), text);
        assertThatThrownBy(() -> PublicKeyFileReader.read(file)).isInstanceOf(InvalidKeyException.class);
    }

    @Test
    void rejectsBinaryFile() throws IOException {
        Path file = Files.write(directory.resolve("key.der"), new byte[] {0x30, (byte) 0x82, (byte) 0xff});
        assertThatThrownBy(() -> PublicKeyFileReader.read(file)).isInstanceOf(InvalidKeyException.class);
    }

    @Test
    void reportsMissingFileByName() {
        assertThatThrownBy(() -> PublicKeyFileReader.read(directory.resolve("nowhere.pem")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("nowhere.pem");
    }
}
