package dev.darkroom.image;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * An item of an AVIF file: an image, or metadata. Source of the entries: ISO/IEC 14496-12, section 8.11.6.
 *
 * @param typeOffset offset of the type; the name and, for metadata, its media type follow
 * @param entryEnd offset after the entry of the item
 * @param extents the ranges of the file that hold the item, in order; empty when they are not completely in the file
 */
record AvifItem(long id, String type, int typeOffset, int entryEnd, List<Extent> extents) {
    /** Types of images, coded and derived. */
    private static final Set<String> IMAGE_TYPES = Set.of("av01", "grid", "iovl", "tmap", "sato");

    private static final String CODED_TYPE = "av01";

    /**
     * A range of the file.
     *
     * @param from inclusive
     * @param to exclusive
     */
    record Extent(int from, int to) {}

    boolean isImage() {
        return IMAGE_TYPES.contains(type);
    }

    boolean isCodedImage() {
        return type.equals(CODED_TYPE);
    }

    /** Parses the box {@code iinf}. */
    static List<AvifItem> parseAll(ImageByteReader reader, MediaBox box, Map<Long, List<Extent>> locations) {
        MediaBoxReader content = new MediaBoxReader(reader, box);
        long count = content.number(content.version() == 0 ? 2 : 4);
        List<MediaBox> entries = MediaBox.readAll(reader, content.position(), box.end());
        if (entries.size() != count || count > AvifItemLocations.MAX_ITEMS) {
            throw new InvalidImageException("AVIF with an impossible number of items");
        }
        List<AvifItem> items = new ArrayList<>();
        for (MediaBox entry : entries) {
            items.add(parse(reader, entry, locations));
        }
        return items;
    }

    private static AvifItem parse(ImageByteReader reader, MediaBox entry, Map<Long, List<Extent>> locations) {
        MediaBoxReader content = new MediaBoxReader(reader, entry);
        int version = content.version();
        if (!entry.type().equals("infe") || version < 2 || version > 3) {
            throw new InvalidImageException("AVIF with an unknown item");
        }
        long id = content.number(version == 2 ? 2 : 4);
        if (content.number(2) != 0) {
            throw new InvalidImageException("AVIF with encryption");
        }
        int typeOffset = content.position();
        return new AvifItem(id, content.tag(), typeOffset, entry.end(), locations.getOrDefault(id, List.of()));
    }
}
