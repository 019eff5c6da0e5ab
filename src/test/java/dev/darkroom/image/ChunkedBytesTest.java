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

class ChunkedBytesTest {
    private static final int BLOCK = 64 * 1024;

    @ParameterizedTest
    @ValueSource(ints = {0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 1_000_000})
    void whatGoesInComesOut(int length) throws IOException {
        // given
        byte[] bytes = random(length);
        ChunkedBytes.Builder builder = new ChunkedBytes.Builder();

        // when
        for (int at = 0; at < length; at += 7_777) {
            byte[] part = Arrays.copyOfRange(bytes, at, Math.min(length, at + 7_777));
            if (at % 2 == 0) {
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
    void aStretchAcrossBlocksIsOneStretch() {
        // given
        byte[] bytes = random(3 * BLOCK);
        CRC32 expected = new CRC32();
        expected.update(bytes, BLOCK - 5, BLOCK + 10);

        // when
        CRC32 found = new CRC32();
        ChunkedBytes.of(bytes).update(found, BLOCK - 5, BLOCK + 10);

        // then
        assertThat(found.getValue()).isEqualTo(expected.getValue());
        assertThat(ChunkedBytes.of(bytes).byteAt(2 * BLOCK)).isEqualTo(bytes[2 * BLOCK]);
    }

    @Test
    void whatWasDrainedIsGoneExceptForTheBlockBeforeThePlaceReached() throws IOException {
        // given
        byte[] bytes = random(4 * BLOCK);
        ChunkedBytes chunkedBytes = ChunkedBytes.of(bytes);

        // when
        try (InputStream drain = chunkedBytes.drain()) {
            drain.readNBytes(2 * BLOCK + 1);
        }

        // then
        assertThat(chunkedBytes.openStream(BLOCK).readAllBytes())
                .isEqualTo(Arrays.copyOfRange(bytes, BLOCK, bytes.length));
        assertThatThrownBy(() -> chunkedBytes.openStream(BLOCK - 1).read()).isInstanceOf(NullPointerException.class);
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
