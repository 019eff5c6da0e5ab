package dev.darkroom.simulator.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Glyphs, text reduction and line breaks of the caption. */
class CaptionTest {
    private static final int SIDE = 128;
    /** A brightness between the prompt and the other parts. */
    private static final int LIGHT = 200;

    @Test
    void drawsThePromptInLightPixels() {
        // when
        List<Byte> empty = draw("");
        List<Byte> dot = draw(".");
        List<Byte> dash = draw("-");

        // then
        assertThat(lightPixels(empty)).isZero();
        assertThat(lightPixels(dot)).isEqualTo(2);
        assertThat(lightPixels(dash)).isEqualTo(5);
    }

    @Test
    void drawsEveryPrintableAsciiCharacterDifferently() {
        // given
        List<String> characters = IntStream.rangeClosed('!', '~')
                .mapToObj(Character::toString)
                .collect(Collectors.toCollection(ArrayList::new));

        // when
        characters.add("東");

        // then
        assertThat(characters).map(CaptionTest::draw).doesNotHaveDuplicates();
    }

    @Test
    void reducesTextToCharactersOfFont() {
        assertThat(Caption.printable("Über señor Çå Straße")).isEqualTo("Uber senor Ca Strasse");
        assertThat(Caption.printable("“don’t” – «stop»…")).isEqualTo("\"don't\" - \"stop\"...");
        assertThat(Caption.printable(" one\n\ttwo\u2028three\u0000")).isEqualTo("one two three");
        assertThat(Caption.printable("e\u0301\u200D東\uD83C\uDF03\uD800")).isEqualTo("e\u007F\u007F\u007F");
    }

    @Test
    void breaksLinesAtSpaces() {
        assertThat(Caption.wrap("one two three", 8, 3)).containsExactly("one two", "three");
    }

    @Test
    void breaksWordsLongerThanALine() {
        assertThat(Caption.wrap("x".repeat(20), 8, 3)).containsExactly("xxxxxxxx", "xxxxxxxx", "xxxx");
    }

    @Test
    void endsInAnEllipsisIfTextIsLeft() {
        assertThat(Caption.wrap("one two three four five", 8, 2)).containsExactly("one two", "three...");
    }

    /** Returns the samples of a caption on black. */
    private static List<Byte> draw(String prompt) {
        Caption caption = new Caption(prompt, SIDE, SIDE);
        List<Byte> image = new ArrayList<>();
        byte[] samples = new byte[SIDE * 3];
        for (int y = 0; y < SIDE; y++) {
            PixelRow row = new PixelRow(SIDE);
            caption.paint(row, y);
            row.quantize(y, samples);
            for (byte sample : samples) {
                image.add(sample);
            }
        }
        return image;
    }

    private static long lightPixels(List<Byte> samples) {
        return samples.stream().filter(sample -> (sample & 0xFF) > LIGHT).count() / 3;
    }
}
