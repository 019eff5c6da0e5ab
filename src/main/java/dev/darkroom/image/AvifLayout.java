package dev.darkroom.image;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The boxes and items of an AVIF file. Sources: ISO/IEC 23008-12 (HEIF), ISO/IEC 14496-12.
 *
 * @param boxes the boxes of the file, in order
 * @param metaBoxes the boxes in {@code meta}
 * @param propertyBoxes the boxes in {@code iprp}
 * @param properties the boxes in {@code ipco}
 * @param items all items
 * @param thumbnails the items that are thumbnails of others
 * @param primaryItem the item that is shown
 */
record AvifLayout(
        List<MediaBox> boxes,
        List<MediaBox> metaBoxes,
        List<MediaBox> propertyBoxes,
        List<MediaBox> properties,
        List<AvifItem> items,
        Set<Long> thumbnails,
        long primaryItem) {
    private static final int MAX_MEDIA_DATA_BOXES = 16;
    private static final int FULL_BOX_HEADER_BYTES = 4;

    /** @throws InvalidImageException when a box that decoders need is absent, repeated or damaged */
    static AvifLayout parse(ImageByteReader reader) {
        List<MediaBox> boxes = MediaBox.readValid(reader, 0, reader.file().length());
        List<MediaBox> mediaData = select(boxes, "mdat");
        if (mediaData.size() > MAX_MEDIA_DATA_BOXES) {
            throw new InvalidImageException("AVIF with too many boxes");
        }
        MediaBox meta = single(boxes, "meta");
        List<MediaBox> metaBoxes = MediaBox.readAll(reader, meta.content() + FULL_BOX_HEADER_BYTES, meta.end());
        if (select(metaBoxes, "idat").size() > 1) {
            throw new InvalidImageException("AVIF with two idat boxes");
        }
        List<MediaBox> propertyBoxes = children(reader, single(metaBoxes, "iprp"));
        MediaBoxReader primary = new MediaBoxReader(reader, single(metaBoxes, "pitm"));
        return new AvifLayout(
                boxes,
                metaBoxes,
                propertyBoxes,
                children(reader, single(propertyBoxes, "ipco")),
                AvifItem.parseAll(
                        reader,
                        single(metaBoxes, "iinf"),
                        AvifItemLocations.parse(
                                new MediaBoxReader(reader, single(metaBoxes, "iloc")),
                                mediaData,
                                select(metaBoxes, "idat"))),
                findThumbnails(reader, metaBoxes),
                primary.number(primary.version() == 0 ? 2 : 4));
    }

    /** Returns the offset after the last box. */
    int end() {
        return boxes.get(boxes.size() - 1).end();
    }

    /** Returns whether a decoder needs an item to show the image. */
    boolean isShown(AvifItem item) {
        return item.isImage() && !thumbnails.contains(item.id());
    }

    /** Returns the properties of the primary item, in order. */
    List<MediaBox> findPrimaryProperties(ImageByteReader reader) {
        List<MediaBox> found = new ArrayList<>();
        for (MediaBox association : select(propertyBoxes, "ipma")) {
            int flags = new MediaBoxReader(reader, association).flags();
            int indexBytes = (flags & 1) + 1;
            MediaBoxReader content = new MediaBoxReader(reader, association);
            int idBytes = content.version() == 0 ? 2 : 4;
            long entries = content.number(4);
            for (long entry = 0; entry < entries; entry++) {
                boolean primary = content.number(idBytes) == primaryItem;
                long count = content.number(1);
                for (int i = 0; i < count; i++) {
                    // The highest bit marks a property that decoders need.
                    int index = (int) content.number(indexBytes) & (indexBytes == 1 ? 0x7f : 0x7fff);
                    if (index > properties.size()) {
                        throw new InvalidImageException("AVIF with an unknown property");
                    }
                    if (primary && index > 0) {
                        found.add(properties.get(index - 1));
                    }
                }
            }
        }
        return found;
    }

    private static Set<Long> findThumbnails(ImageByteReader reader, List<MediaBox> metaBoxes) {
        Set<Long> thumbnails = new HashSet<>();
        for (MediaBox references : select(metaBoxes, "iref")) {
            MediaBoxReader content = new MediaBoxReader(reader, references);
            int idBytes = content.version() == 0 ? 2 : 4;
            for (MediaBox reference : MediaBox.readAll(reader, content.position(), references.end())) {
                if (reference.type().equals("thmb")) {
                    thumbnails.add(new MediaBoxReader(reader, reference).number(idBytes));
                }
            }
        }
        return thumbnails;
    }

    private static List<MediaBox> children(ImageByteReader reader, MediaBox box) {
        return MediaBox.readAll(reader, box.content(), box.end());
    }

    private static List<MediaBox> select(List<MediaBox> boxes, String type) {
        return boxes.stream().filter(box -> box.type().equals(type)).toList();
    }

    private static MediaBox single(List<MediaBox> boxes, String type) {
        List<MediaBox> found = select(boxes, type);
        if (found.size() != 1) {
            throw new InvalidImageException(
                    "AVIF " + (found.isEmpty() ? "without the box " : "with two boxes ") + type);
        }
        return found.get(0);
    }
}
