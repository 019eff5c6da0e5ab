package dev.darkroom.image;

import dev.darkroom.image.AvifItem.Extent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Parses the box {@code iloc}: where the items of an AVIF file are. Source: ISO/IEC 14496-12, section 8.11.3. */
final class AvifItemLocations {
    /** Above the number of items of a large grid. Bounds the memory for a hostile file. */
    static final int MAX_ITEMS = 4096;

    /** Of all items together. */
    private static final int MAX_EXTENTS = 8192;

    private static final int IN_FILE = 0;
    private static final int IN_ITEM_DATA = 1;

    private final MediaBoxReader box;
    private final List<MediaBox> mediaData;
    private final List<MediaBox> itemData;
    private final int version;
    private final int offsetBytes;
    private final int lengthBytes;
    private final int baseBytes;
    private final int indexBytes;
    private int extentCount;

    private AvifItemLocations(MediaBoxReader box, List<MediaBox> mediaData, List<MediaBox> itemData) {
        this.box = box;
        this.mediaData = mediaData;
        this.itemData = itemData;
        this.version = box.version();
        int sizes = (int) box.number(2);
        this.offsetBytes = sizes >> 12;
        this.lengthBytes = sizes >> 8 & 0xf;
        this.baseBytes = sizes >> 4 & 0xf;
        this.indexBytes = version == 0 ? 0 : sizes & 0xf;
        if (version > 2 || !isSize(offsetBytes) || !isSize(baseBytes) || !isSize(indexBytes)) {
            throw new InvalidImageException("AVIF with an unknown item location");
        }
        // Without lengths, extents could have no bytes in the box, and a short box could have billions of them.
        if (lengthBytes == 0 || !isSize(lengthBytes)) {
            throw new InvalidImageException("AVIF with an unknown item length");
        }
    }

    private static boolean isSize(int bytes) {
        return bytes == 0 || bytes == 4 || bytes == 8;
    }

    /**
     * Returns the extents of the items.
     *
     * @param mediaData the boxes {@code mdat}
     * @param itemData the boxes {@code idat}, at most one
     * @return extents by item; an item whose data is not completely in these boxes is absent
     */
    static Map<Long, List<Extent>> parse(MediaBoxReader box, List<MediaBox> mediaData, List<MediaBox> itemData) {
        return new AvifItemLocations(box, mediaData, itemData).parseItems();
    }

    private Map<Long, List<Extent>> parseItems() {
        long count = box.number(version < 2 ? 2 : 4);
        if (count > MAX_ITEMS) {
            throw new InvalidImageException("AVIF with too many items");
        }
        Map<Long, List<Extent>> locations = new HashMap<>();
        for (int i = 0; i < count; i++) {
            long id = box.number(version < 2 ? 2 : 4);
            int method = version == 0 ? IN_FILE : (int) box.number(2) & 0xf;
            boolean inThisFile = box.number(2) == 0;
            List<Extent> extents = parseExtents(method);
            if (inThisFile && !extents.isEmpty() && !extents.contains(null)) {
                locations.put(id, extents);
            }
        }
        return locations;
    }

    /** Returns null in place of an extent that is empty or outside of the data. */
    private List<Extent> parseExtents(int method) {
        long base = box.number(baseBytes);
        long count = box.number(2);
        extentCount += (int) count;
        if (extentCount > MAX_EXTENTS) {
            throw new InvalidImageException("AVIF with too many extents");
        }
        List<Extent> extents = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            box.number(indexBytes);
            long offset = box.number(offsetBytes);
            long length = box.number(lengthBytes);
            extents.add(locate(method, base, offset, length));
        }
        return extents;
    }

    private Extent locate(int method, long base, long offset, long length) {
        if (method != IN_FILE && method != IN_ITEM_DATA) {
            return null;
        }
        for (MediaBox data : method == IN_FILE ? mediaData : itemData) {
            long start = (method == IN_FILE ? 0L : data.content());
            // Each number is compared alone, since a sum may overflow.
            long room = data.end() - start;
            if (length > 0 && base <= room && offset <= room - base && length <= room - base - offset) {
                long from = start + base + offset;
                if (from >= data.content()) {
                    return new Extent((int) from, (int) (from + length));
                }
            }
        }
        return null;
    }
}
