package dev.darkroom.image;

/**
 * Removes metadata from images: texts, EXIF, XMP and private data, in which some AI servers store the prompt and the whole
 * workflow. Keeps everything that decoders use: pixels, transparency, animation, color profiles, pixel density. Does not
 * decode pixels. Removes bytes after the end of the image. CPU-bound. Thread-safe.
 */
public final class ImageMetadataFilter {
    private static final byte[] SAME_HEADER = {};

    private ImageMetadataFilter() {}

    /**
     * Returns the image without metadata.
     *
     * @param file drained when it contains metadata, so only its exclusive owner may call this
     * @return the same object when there is nothing to remove, or when the file is in none of the formats of {@link ImageFormat}
     * @throws InvalidImageException when the file is truncated or damaged
     */
    public static ChunkedBytes removeMetadata(ChunkedBytes file) {
        ImageByteReader reader = new ImageByteReader(file);
        if (reader.startsWith(PngParser.SIGNATURE)) {
            return PngMetadata.findKeptRanges(reader).copyFrom(file, SAME_HEADER);
        }
        if (reader.startsWith(JpegParser.SIGNATURE)) {
            return JpegMetadata.findKeptRanges(reader).copyFrom(file, SAME_HEADER);
        }
        if (WebpParser.hasSignature(reader)) {
            KeptRanges kept = WebpMetadata.findKeptRanges(reader);
            return kept.copyFrom(file, WebpMetadata.createHeader(reader, kept));
        }
        if (AvifParser.hasSignature(reader)) {
            return AvifMetadata.remove(file);
        }
        return file;
    }
}
