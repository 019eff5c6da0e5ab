package dev.darkroom.image;

import dev.darkroom.image.AvifItem.Extent;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * Blanks the metadata of an AVIF file in place, so that every offset in the file stays valid: texts and data become zeros, and boxes that
 * are not needed become free space. The types of items that are no image become one that decoders ignore. Sources: ISO/IEC 23008-12,
 * ISO/IEC 14496-12.
 */
final class AvifMetadata {
    private static final String FREE = "free";
    private static final Set<String> KEPT_BOXES = Set.of("ftyp", "meta", "mdat");
    private static final Set<String> KEPT_META_BOXES =
            Set.of("hdlr", "pitm", "iloc", "iinf", "iref", "iprp", "idat", "grpl");
    private static final Set<String> KEPT_PROPERTY_BOXES = Set.of("ipco", "ipma");

    /** The properties that affect how the image looks. All others are blanked, such as descriptions and times. */
    private static final Set<String> KEPT_PROPERTIES = Set.of(
            "ispe", "pixi", "av1C", "colr", "pasp", "clap", "irot", "imir", "auxC", "clli", "mdcv", "cclv", "amve",
            "a1op", "a1lx", "lsel", "rloc");

    /** Offset of the name in the content of {@code hdlr}. */
    private static final int HANDLER_NAME_OFFSET = 24;

    private static final int TYPE_BYTES = 4;
    private static final byte[] SAME_HEADER = {};

    private final ImageByteReader reader;
    private final AvifLayout layout;
    private final List<Extent> blank = new ArrayList<>();
    private final List<Integer> free = new ArrayList<>();

    private AvifMetadata(ImageByteReader reader) {
        this.reader = reader;
        this.layout = AvifLayout.parse(reader);
    }

    /**
     * Returns the file without metadata and without bytes after its last box.
     *
     * @param file drained when it contains metadata
     * @return the same object when there is nothing to remove
     */
    static ChunkedBytes remove(ChunkedBytes file) {
        AvifMetadata metadata = new AvifMetadata(new ImageByteReader(file));
        metadata.collect();
        return metadata.apply(file);
    }

    private void collect() {
        freeOthers(layout.boxes(), KEPT_BOXES);
        freeOthers(layout.metaBoxes(), KEPT_META_BOXES);
        freeOthers(layout.propertyBoxes(), KEPT_PROPERTY_BOXES);
        freeOthers(layout.properties(), KEPT_PROPERTIES);
        for (MediaBox box : layout.metaBoxes()) {
            if (box.type().equals("hdlr")) {
                blank(box.content() + HANDLER_NAME_OFFSET, box.end());
            }
        }
        for (AvifItem item : layout.items()) {
            blank(item.typeOffset() + TYPE_BYTES, item.entryEnd());
            if (!layout.isShown(item)) {
                free.add(item.typeOffset());
            }
        }
        blankUnusedData();
    }

    private void freeOthers(List<MediaBox> boxes, Set<String> kept) {
        for (MediaBox box : boxes) {
            if (!kept.contains(box.type())) {
                free.add(box.start() + TYPE_BYTES);
                blank(box.content(), box.end());
            }
        }
    }

    /** Blanks the data that no shown image uses. */
    private void blankUnusedData() {
        List<Extent> used = layout.items().stream()
                .filter(layout::isShown)
                .flatMap(item -> item.extents().stream())
                .sorted(Comparator.comparingInt(Extent::from))
                .toList();
        List<MediaBox> data = new ArrayList<>(layout.boxes());
        data.removeIf(box -> !box.type().equals("mdat"));
        layout.metaBoxes().stream().filter(box -> box.type().equals("idat")).forEach(data::add);
        for (MediaBox box : data) {
            int from = box.content();
            for (Extent extent : used) {
                if (extent.from() >= box.content() && extent.to() <= box.end()) {
                    blank(from, extent.from());
                    from = Math.max(from, extent.to());
                }
            }
            blank(from, box.end());
        }
    }

    private void blank(int from, int to) {
        for (int offset = from; offset < to; offset++) {
            if (reader.u8(offset) != 0) {
                blank.add(new Extent(offset, to));
                return;
            }
        }
    }

    private ChunkedBytes apply(ChunkedBytes file) {
        free.removeIf(offset -> reader.tag(offset).equals(FREE));
        int end = layout.end();
        if (blank.isEmpty() && free.isEmpty() && end == file.length()) {
            return file;
        }
        KeptRanges kept = new KeptRanges();
        kept.add(0, end);
        ChunkedBytes.Builder copy = kept.collectFrom(file, SAME_HEADER);
        blank.forEach(range -> copy.fill(range.from(), range.to(), (byte) 0));
        for (int offset : free) {
            for (int i = 0; i < TYPE_BYTES; i++) {
                copy.fill(offset + i, offset + i + 1, (byte) FREE.charAt(i));
            }
        }
        return copy.build();
    }
}
