package dev.darkroom.simulator.picture;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The alphabet as pen strokes. One glyph per line: the character, then its strokes. A stroke is a row of points, two base-36
 * digits each (x, y) in half units: {@code 4} is the base line, {@code c} the height of x, {@code g} that of capitals,
 * {@code 0} the foot of g. A stroke with {@code ~} in front has round corners. Stems stand on whole units, so that the
 * letters are crisp at one pixel per unit.
 */
final class Glyphs {
    /** The base line in half units. */
    static final int BASE_LINE = 4;

    private static final String STROKES = """
            a ~0c6c64 ~68080464
            b 0g04 ~080c6c640408
            c ~6c0c0464
            d 6g64 ~686c0c046468
            e ~686c0c0464 0868
            f ~4g2g24 0c4c
            g ~686c0c046468 ~6c6000
            h 0g04 ~080c6c64
            i 0c04 0g0g
            ı 0c04
            j ~2c2000 2g2g
            k 0g04 6c08 2964
            l ~0g0424
            m 0c04 ~080c4c44 ~484c8c84
            n 0c04 ~080c6c64
            o ~3c6c64040c3c
            p 0c00 ~080c6c640408
            q 6c60 ~686c0c046468
            r 0c04 ~080c4c
            s ~6c0c08686404
            t ~2g2444 0c4c
            u 6c64 ~0c046468
            v 0c346c
            w 0c244b648c
            x 0c64 046c
            y ~0c046468 ~6c6000
            z 0c6c0464
            A 044g84 1777
            B 0g04 ~0g7g7a0a ~0a8a8404
            C ~8e8g0g048486
            D 0g04 ~0g8g8404
            E 6g0g0464 0a5a
            F 6g0g04 0a5a
            G ~8e8g0g04848a 8a5a
            H 0g04 8g84 0a8a
            I 0g04
            J ~6g640406
            K 0g04 7g08 2a84
            L 0g0464
            M 040g58aga4
            N 040g848g
            O ~4g8g84040g4g
            P 0g04 ~0g8g8909
            Q ~4g8g84040g4g 5793
            R 0g04 ~0g8g8909 4984
            S ~7e7g0g0a7a740406
            T 0g8g 4g44
            U ~0g04848g
            V 0g448g
            W 0g346e94cg
            X 0g84 048g
            Y 0g4a8g 4a44
            Z 0g8g0484
            0 ~3g6g64040g3g
            1 0e2g24
            2 ~0e0g6g6a04 0464
            3 ~0e0g6g6a2a ~2a6a640406
            4 4g0868 4b44
            5 6g0g0b ~0b6b640406
            6 ~6e6g0g04646a0a
            7 0g6g24
            8 ~3g6g6a0a0g3g ~3a6a64040a3a
            9 ~0604646g0g0a6a
            . 0404
            , 1402
            : 0404 0a0a
            ; 1402 1a1a
            ! 0g08 0404
            ? ~0e0g6g6a3a37 3434
            ' 0g0d
            " 0g0d 2g2d
            - 0a4a
            _ 0262
            + 0a6a 3d37
            = 0b6b 0868
            / 026g
            \\ 0g62
            | 0g02
            ( ~2g0e0422
            ) ~0g2e2402
            [ 2g0g0222
            ] 0g2g2202
            { ~4g2g2a0a ~0a2a2242
            } ~0g2g2a4a ~4a2a2202
            < 6d0965
            > 0d6905
            * 3g3a 0e6c 0c6e
            # 2f15 6f55 0c7c 0868
            % 04ag ~1g3g3d0d0g1g ~87a7a4747787
            & ~841d1g5g5d0904548a
            @ ~84040g8g88484c8c
            $ ~6e6g0g0a6a640406 3h33
            ^ 0d3g6d
            ` 0g2e
            ~ ~090b3b39696b
            ß ~040g5g5b3b ~3b6b6434
            ø ~3c6c64040c3c 036d
            Ø ~4g8g84040g4g 038h
            · 0a0a
            • 0a0a 0b0b
            … 0404 3434 6464
            × 0c66 066c
            ° ~1g3g3d0d0g1g
            """;

    /** Accents by combining mark (Unicode), drawn for a letter of the height of x. */
    private static final Map<Integer, String> MARKS = Map.of(
            0x0300, "2g3e",
            0x0301, "4g3e",
            0x0302, "1e3g5e",
            0x0303, "~1e1f3f3e5e5f",
            0x0308, "1f1f 5f5f",
            0x030A, "~3h4h4e2e2h3h",
            0x030C, "1g3e5g",
            0x0304, "1f5f",
            0x0327, "~343212");

    private static final Map<Integer, Glyph> GLYPHS = parse();

    /** What stands for every character that has no glyph. */
    static final Glyph UNKNOWN = Glyph.parse("040g6g6404");

    private Glyphs() {}

    /** The glyph of a code point, {@link #UNKNOWN} when there is none. */
    static Glyph of(int codePoint) {
        return GLYPHS.getOrDefault(codePoint, UNKNOWN);
    }

    /** An accent as a glyph of its own; null when this mark is not known. */
    static Glyph mark(int codePoint) {
        String strokes = MARKS.get(codePoint);
        return strokes == null ? null : Glyph.parse(strokes);
    }

    private static Map<Integer, Glyph> parse() {
        Map<Integer, Glyph> glyphs = new HashMap<>();
        glyphs.put((int) ' ', new Glyph(2, List.of()));
        for (String line : STROKES.lines().toList()) {
            glyphs.put(line.codePointAt(0), Glyph.parse(line.substring(2)));
        }
        return Map.copyOf(glyphs);
    }
}
