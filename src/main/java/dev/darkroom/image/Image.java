package dev.darkroom.image;

/**
 * Bytes that were looked at and found to be a picture.
 *
 * @param bytes the whole file
 * @param format what the bytes are, whatever anybody said they were
 * @param width in pixels, as the bytes say
 * @param height in pixels, as the bytes say
 * @param sha256 of the bytes, lower-case hex
 */
public record Image(ChunkedBytes bytes, ImageFormat format, int width, int height, String sha256) {

    /** Size of the file in bytes. */
    public int size() {
        return bytes.length();
    }
}
