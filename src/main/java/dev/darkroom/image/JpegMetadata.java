package dev.darkroom.image;

/** Selects the segments of a JPEG file that are no metadata. Source: ITU-T T.81, annex B. */
final class JpegMetadata {
    private static final int FIRST_APPLICATION = 0xe0;
    private static final int LAST_APPLICATION = 0xef;
    private static final int COMMENT = 0xfe;
    private static final int JFIF = 0xe0;
    private static final int PROFILE = 0xe2;
    private static final int ADOBE = 0xee;
    /** Start of the identifier of color profiles, since other data uses the same marker. */
    private static final String PROFILE_IDENTIFIER = "ICC_";

    private JpegMetadata() {}

    /** Filters the segments before the pixels. Keeps the rest up to the end of the image. */
    static KeptRanges findKeptRanges(ImageByteReader reader) {
        KeptRanges kept = new KeptRanges();
        kept.add(0, 2);
        int offset = 2;
        int marker = JpegParser.readMarker(reader, offset);
        while (marker != JpegParser.START_OF_SCAN) {
            if (marker == 0xff) { // fill byte
                offset++;
            } else {
                int end = offset + 2 + Math.max(2, reader.u16(offset + 2));
                if (!isMetadata(reader, marker, offset)) {
                    kept.add(offset, end);
                }
                offset = end;
            }
            marker = JpegParser.readMarker(reader, offset);
        }
        kept.add(offset, JpegParser.findEnd(reader, offset + 2 + reader.u16(offset + 2)));
        return kept;
    }

    private static boolean isMetadata(ImageByteReader reader, int marker, int offset) {
        if (marker == PROFILE) {
            return !reader.tag(offset + 4).equals(PROFILE_IDENTIFIER);
        }
        boolean application = marker >= FIRST_APPLICATION && marker <= LAST_APPLICATION;
        return marker == COMMENT || (application && marker != JFIF && marker != ADOBE);
    }
}
