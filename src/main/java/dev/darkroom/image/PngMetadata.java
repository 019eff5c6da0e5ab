package dev.darkroom.image;

import java.util.Set;

/** Selects the chunks of a PNG file that are no metadata. Source: W3C PNG, third edition, sections 5 and 11. */
final class PngMetadata {
    /**
     * The ancillary chunks that affect how the image looks. All others are removed: {@code tEXt}, {@code zTXt}, {@code iTXt},
     * {@code eXIf}, {@code tIME} and private ones such as {@code comf} of ComfyUI's animations.
     */
    private static final Set<String> KEPT = Set.of(
            "tRNS", "cHRM", "gAMA", "iCCP", "sBIT", "sRGB", "cICP", "mDCV", "cLLI", "bKGD", "hIST", "pHYs", "sPLT",
            "acTL", "fcTL", "fdAT");

    private static final int CHUNK_OVERHEAD = 12;

    private PngMetadata() {}

    static KeptRanges findKeptRanges(ImageByteReader reader) {
        KeptRanges kept = new KeptRanges();
        kept.add(0, PngParser.SIGNATURE.length);
        int offset = PngParser.SIGNATURE.length;
        String type = "";
        while (!type.equals("IEND")) {
            long length = reader.u32(offset);
            type = reader.tag(offset + 4);
            if (length > reader.file().length() - offset - (long) CHUNK_OVERHEAD) {
                throw new InvalidImageException("PNG truncated");
            }
            int end = offset + CHUNK_OVERHEAD + (int) length;
            // An upper-case first letter marks a chunk that decoders need.
            if (Character.isUpperCase(type.charAt(0)) || KEPT.contains(type)) {
                kept.add(offset, end);
            }
            offset = end;
        }
        return kept;
    }
}
