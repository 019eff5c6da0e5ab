package dev.darkroom.image;

/**
 * An image file that {@link ImageInspector} has validated.
 *
 * @param bytes the whole file
 * @param format the format detected from the bytes, independent of any declared type
 * @param width in pixels, read from the bytes
 * @param height in pixels, read from the bytes
 * @param sha256 hash of the bytes in lower-case hexadecimal
 */
public record Image(ChunkedBytes bytes, ImageFormat format, int width, int height, String sha256) {

    /** Size of the file in bytes. */
    public int size() {
        return bytes.length();
    }
}
