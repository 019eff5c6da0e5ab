package dev.darkroom.image;

/**
 * Validates images of users and removes their metadata. Stricter than {@link ImageInspector}: a file must end with its image, since a
 * second file could follow, and must not declare a size that is expensive to decode. CPU-bound. Thread-safe.
 */
public final class ImageSanitizer {
    private ImageSanitizer() {}

    /**
     * Returns the image without metadata.
     *
     * @param file only its exclusive owner may call this
     * @param maxBytes maximum size of the file
     * @param maxPixels maximum product of width and height
     * @throws InvalidImageException with a message that follows the name of a field, such as {@code is not a complete image}
     */
    public static Image sanitize(ChunkedBytes file, int maxBytes, int maxPixels) {
        Image image;
        try {
            image = ImageInspector.inspect(file, maxBytes);
        } catch (InvalidImageException e) {
            throw invalid(e.getMessage());
        }
        if (image.format() == ImageFormat.AVIF) {
            throw invalid("AVIF is not accepted by AI servers");
        }
        if ((long) image.width() * image.height() > maxPixels) {
            throw new InvalidImageException(
                    "has " + image.width() + "x" + image.height() + " pixels, more than " + maxPixels + " in total");
        }
        if (ImageInspector.findEnd(file, image.format()) < file.length()) {
            throw new InvalidImageException("has data after the end of the image");
        }
        ChunkedBytes stripped = ImageMetadataFilter.removeMetadata(file);
        return stripped == file ? image : ImageInspector.inspect(stripped, maxBytes);
    }

    private static InvalidImageException invalid(String reason) {
        return new InvalidImageException("is not a complete PNG, JPEG or WebP image: " + reason);
    }
}
