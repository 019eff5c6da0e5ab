package dev.darkroom.image;

import java.util.List;
import java.util.Set;

/**
 * Parses an AVIF file with one image. Rejects image sequences. The size is the property {@code ispe} of the primary item, after its
 * rotation; a crop ({@code clap}) is not applied. Source: AV1 Image File Format 1.2.
 */
final class AvifParser {
    private static final Set<String> BRANDS = Set.of("avif", "avis");
    private static final String SEQUENCE_BRAND = "avis";
    private static final int MAX_BRANDS = 64;

    private AvifParser() {}

    /** Returns whether a file starts with a file type box that has a brand of AVIF. */
    static boolean hasSignature(ImageByteReader reader) {
        return BRANDS.stream().anyMatch(brand -> hasBrand(reader, brand));
    }

    private static boolean hasBrand(ImageByteReader reader, String brand) {
        if (reader.file().length() < 16 || !reader.tag(4).equals("ftyp")) {
            return false;
        }
        long end =
                Math.min(Math.min(reader.u32(0), 4 * MAX_BRANDS), reader.file().length());
        for (int offset = 8; offset + 4 <= end; offset += 4) {
            // The version stands between the major brand and the compatible ones.
            if (offset != 12 && reader.tag(offset).equals(brand)) {
                return true;
            }
        }
        return false;
    }

    static ImageInspector.Structure parse(ChunkedBytes file) {
        ImageByteReader reader = new ImageByteReader(file);
        AvifLayout layout = AvifLayout.parse(reader);
        if (hasBrand(reader, SEQUENCE_BRAND)
                || layout.boxes().stream().anyMatch(box -> box.type().equals("moov"))) {
            throw new InvalidImageException("AVIF with a sequence of images");
        }
        checkItems(reader, layout);
        int width = 0;
        int height = 0;
        boolean rotated = false;
        for (MediaBox property : layout.findPrimaryProperties(reader)) {
            MediaBoxReader content = new MediaBoxReader(reader, property);
            if (property.type().equals("ispe")) {
                content.version();
                // A side beyond 2^31-1 is invalid. It becomes negative here, and ImageInspector rejects it.
                width = (int) content.number(4);
                height = (int) content.number(4);
            } else if (property.type().equals("irot")) {
                rotated = (content.number(1) & 1) == 1;
            }
        }
        return new ImageInspector.Structure(rotated ? height : width, rotated ? width : height, layout.end());
    }

    /** Requires that the primary item is an image, and that the data of all images is in the file. */
    private static void checkItems(ImageByteReader reader, AvifLayout layout) {
        List<AvifItem> shown = layout.items().stream().filter(layout::isShown).toList();
        if (shown.stream().noneMatch(item -> item.id() == layout.primaryItem())
                || shown.stream().noneMatch(AvifItem::isCodedImage)) {
            throw new InvalidImageException("AVIF without pixels");
        }
        for (AvifItem item : shown) {
            if (item.extents().isEmpty()) {
                throw new InvalidImageException("AVIF truncated");
            }
        }
    }
}
