package dev.darkroom.simulator.picture;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The reader of the platform is the judge. */
class ZlibTest {

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 10, 11, 12, 257, 258, 259, 260, 65_535, 65_536, 65_537, 200_000})
    void aRunOfAnyLengthComesBack(int length) throws DataFormatException {
        // given
        byte[] data = new byte[length];
        Arrays.fill(data, (byte) 7);

        // then
        assertThat(inflate(Zlib.compress(data), length)).isEqualTo(data);
    }

    @Test
    void runsOfEveryLengthComeBack() throws DataFormatException {
        // given runs of 1 to 600 bytes, one after the other
        byte[] data = new byte[600 * 601 / 2];
        int at = 0;
        for (int run = 1; run <= 600; run++) {
            Arrays.fill(data, at, at + run, (byte) run);
            at += run;
        }

        // then
        assertThat(inflate(Zlib.compress(data), data.length)).isEqualTo(data);
    }

    @Test
    void bytesWithoutAnyPatternComeBack() throws DataFormatException {
        // given
        byte[] data = new byte[150_000];
        new Random(1).nextBytes(data);

        // then
        assertThat(inflate(Zlib.compress(data), data.length)).isEqualTo(data);
    }

    @Test
    void frequenciesThatWouldMakeCodesTooLongComeBack() throws DataFormatException {
        // given Fibonacci frequencies, the worst case: each symbol would get a code one bit longer than the one before
        byte[] data = new byte[60_000];
        int at = 0;
        int previous = 1;
        int current = 1;
        for (int symbol = 0; at < data.length; symbol++) {
            for (int i = 0; i < current && at < data.length; i++) {
                data[at++] = (byte) symbol;
            }
            current += previous;
            previous = current - previous;
        }
        shuffle(data);

        // then
        assertThat(inflate(Zlib.compress(data), data.length)).isEqualTo(data);
    }

    private static void shuffle(byte[] data) {
        Random random = new Random(2);
        for (int i = data.length - 1; i > 0; i--) {
            int other = random.nextInt(i + 1);
            byte kept = data[i];
            data[i] = data[other];
            data[other] = kept;
        }
    }

    private static byte[] inflate(byte[] stream, int length) throws DataFormatException {
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(stream);
            byte[] data = new byte[length + 1];
            int read = inflater.inflate(data);
            assertThat(inflater.finished())
                    .as("the stream ends, its check sum is right")
                    .isTrue();
            assertThat(inflater.getRemaining()).isZero();
            return Arrays.copyOf(data, read);
        } finally {
            inflater.end();
        }
    }
}
