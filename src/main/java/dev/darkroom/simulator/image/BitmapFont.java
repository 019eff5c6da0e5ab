package dev.darkroom.simulator.image;

/** A bitmap font for printable ASCII. A glyph has five columns and eight rows, the last one below the base line. */
final class BitmapFont {
    static final int WIDTH = 5;
    static final int HEIGHT = 8;

    /** The empty box, drawn for every character outside printable ASCII. */
    static final char BOX = 127;

    /** The characters from the space on. Two hexadecimal digits per column from the left, the lowest bit is on top. */
    private static final String GLYPHS = """
            0000000000 00005F0000 0007000700 147F147F14 242A7F2A12 2313086462 3649562050 0000070000
            001C224100 0041221C00 2A1C7F1C2A 08083E0808 0080600000 0808080808 0000600000 2010080402
            3E5149453E 00427F4000 4261514946 2141494D33 1814127F10 2745454539 3C4A494930 4121110907
            3649494936 064949291E 0000240000 0080640000 0814224100 1414141414 0041221408 0201590906
            3E415D594E 7C1211127C 7F49494936 3E41414122 7F4141413E 7F49494941 7F09090901 3E41415172
            7F0808087F 00417F4100 2040413F01 7F08142241 7F40404040 7F021C027F 7F0408107F 3E4141413E
            7F09090906 3E4151215E 7F09192946 2649494932 01017F0101 3F4040403F 1F2040201F 3F4038403F
            6314081463 0304780403 6151494543 007F414100 0204081020 0041417F00 0402010204 8080808080
            0001020400 2054545478 7F48444438 3844444428 384444487F 3854545418 00087E0902 18A4A4A47C
            7F08040478 00447D4000 0080847D00 007F102844 00417F4000 7C04780478 7C08040478 3844444438
            FC24242418 18242424FC 007C080408 4854545424 00043F4424 3C4040207C 1C2040201C 3C4030403C
            4428102844 1CA0A0A07C 4464544C44 0008364100 00007F0000 0041360800 0804081008 7F4141417F
            """.replaceAll("\\s", "");

    private BitmapFont() {}

    /**
     * Returns whether a pixel of a glyph is set.
     *
     * @param character printable ASCII or {@link #BOX}
     * @param column from the left; no glyph has pixels at {@link #WIDTH} or beyond
     * @param row from the top
     */
    static boolean isSet(char character, int column, int row) {
        if (column >= WIDTH || row >= HEIGHT) {
            return false;
        }
        int start = ((character - ' ') * WIDTH + column) * 2;
        return ((Integer.parseInt(GLYPHS, start, start + 2, 16) >> row) & 1) != 0;
    }
}
