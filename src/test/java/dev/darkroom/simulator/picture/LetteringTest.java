package dev.darkroom.simulator.picture;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class LetteringTest {

    @Test
    void everyPrintableAsciiCharacterHasAGlyph() {
        for (int letter = ' '; letter < 127; letter++) {
            assertThat(Glyphs.of(letter)).as(Character.toString(letter)).isNotSameAs(Glyphs.UNKNOWN);
        }
    }

    @Test
    void theWordSimulatorFitsTheSmallestPicture() {
        int[] word = Lettering.letters("simulator");
        assertThat(Lettering.width(word, 0, word.length)).isLessThan(PictureRenderer.MIN_SIDE - 8.0);
    }

    @Test
    void linesBreakAtSpaces() {
        assertThat(wrap("one two three", 40, 3)).containsExactly("one two", "three");
    }

    @Test
    void aWordLongerThanALineIsBrokenAnywhere() {
        // when
        List<String> lines = wrap("o".repeat(20), 40, 9);

        // then nothing is lost and every line fits
        assertThat(String.join("", lines)).isEqualTo("o".repeat(20));
        assertThat(lines).hasSizeGreaterThan(1).allSatisfy(LetteringTest::fits);
    }

    @Test
    void aTextThatGoesOnEndsInAnEllipsis() {
        // when
        List<String> lines = wrap("one two three four five six", 40, 2);

        // then
        assertThat(lines).hasSize(2).allSatisfy(LetteringTest::fits);
        assertThat(lines.get(1)).endsWith("…");
    }

    @Test
    void noRoomMeansNoLines() {
        assertThat(wrap("one", 40, 0)).isEmpty();
        assertThat(wrap("", 40, 3)).isEmpty();
    }

    @Test
    void whatHasNoWidthIsLeftOutAndWhatIsForeignIsOneBox() {
        // when
        int[] letters = Lettering.letters("é\u200D東\uD83C\uDF03");

        // then
        assertThat(letters).containsExactly('e', 0x0301, '東', 0x1F303);
        assertThat(Glyphs.of('東')).isSameAs(Glyphs.UNKNOWN);
    }

    private static void fits(String line) {
        int[] letters = line.codePoints().toArray();
        assertThat(Lettering.width(letters, 0, letters.length)).isLessThanOrEqualTo(40);
    }

    private static List<String> wrap(String text, double limit, int most) {
        return Lettering.wrap(Lettering.letters(text), limit, most).stream()
                .map(line -> new String(line, 0, line.length))
                .toList();
    }
}
