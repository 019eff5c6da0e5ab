package dev.darkroom.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Content across chunk borders, and streams that release chunks. */
class ChunkedBytesTest {
    private static final int CHUNK = 64 * 1024;

    @ParameterizedTest
    @ValueSource(ints = {0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 1_000_000})
    void keepsAppendedBytes(int length) throws IOException {
        // given
        byte[] bytes = random(length);
        ChunkedBytes.Builder builder = new ChunkedBytes.Builder();

        // when
        for (int offset = 0; offset < length; offset += 7_777) {
            byte[] part = Arrays.copyOfRange(bytes, offset, Math.min(length, offset + 7_777));
            if (offset % 2 == 0) {
                builder.append(part, 0, part.length);
            } else {
                builder.append(Buffer.buffer(part));
            }
        }
        ChunkedBytes chunkedBytes = builder.build();

        // then
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        chunkedBytes.writeTo(Channels.newChannel(written));
        assertThat(chunkedBytes.length()).isEqualTo(length);
        assertThat(chunkedBytes.toBytes()).isEqualTo(bytes);
        assertThat(written.toByteArray()).isEqualTo(bytes);
        assertThat(chunkedBytes.openStream(length / 2).readAllBytes())
                .isEqualTo(Arrays.copyOfRange(bytes, length / 2, length));
        assertThat(chunkedBytes).isEqualTo(ChunkedBytes.of(bytes)).hasSameHashCodeAs(ChunkedBytes.of(bytes));
        assertThat(chunkedBytes.drain().readAllBytes()).isEqualTo(bytes);
    }

    @Test
    void updatesChecksumAcrossChunks() {
        // given
        byte[] bytes = random(3 * CHUNK);
        CRC32 expected = new CRC32();
        expected.update(bytes, CHUNK - 5, CHUNK + 10);

        // when
        CRC32 actual = new CRC32();
        ChunkedBytes.of(bytes).update(actual, CHUNK - 5, CHUNK + 10);

        // then
        assertThat(actual.getValue()).isEqualTo(expected.getValue());
        assertThat(ChunkedBytes.of(bytes).byteAt(2 * CHUNK)).isEqualTo(bytes[2 * CHUNK]);
    }

    @Test
    void drainReleasesAllButCurrentAndPreviousChunk() throws IOException {
        // given
        byte[] bytes = random(4 * CHUNK);
        ChunkedBytes chunkedBytes = ChunkedBytes.of(bytes);

        // when
        try (InputStream drain = chunkedBytes.drain()) {
            drain.readNBytes(2 * CHUNK + 1);
        }

        // then
        assertThat(chunkedBytes.openStream(CHUNK).readAllBytes())
                .isEqualTo(Arrays.copyOfRange(bytes, CHUNK, bytes.length));
        assertThatThrownBy(() -> chunkedBytes.openStream(CHUNK - 1).read()).isInstanceOf(NullPointerException.class);
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
