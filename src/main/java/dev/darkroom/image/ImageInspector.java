package dev.darkroom.image;

import java.security.MessageDigest;
import java.util.HexFormat;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * Detects the format and the size of an image from its bytes alone, not from a declared type or a file name. Parses the structure to its
 * end, so that a truncated file is detected. Does not decode pixels.
 *
 * <p>Has no side effects, but reads and hashes every byte: call it on a worker thread, not on an event loop.
 */
public final class ImageInspector {
    /** Maximum width and height in pixels. The maximum of WebP, and far above the sizes that Darkroom requests. */
    public static final int MAX_SIDE = 16_384;

    private ImageInspector() {}

    /**
     * Validates an image file.
     *
     * @param maxBytes maximum size of the file
     * @return the image, with the same bytes
     * @throws InvalidImageException when the bytes are no complete PNG, JPEG, WebP or AVIF image within the limits
     */
    public static Image inspect(ChunkedBytes bytes, int maxBytes) {
        if (bytes.length() > maxBytes) {
            throw new InvalidImageException("larger than " + maxBytes + " bytes");
        }
        ImageFormat format = detectFormat(bytes);
        Structure dimensions = parse(bytes, format);
        if (dimensions.width() < 1
                || dimensions.height() < 1
                || dimensions.width() > MAX_SIDE
                || dimensions.height() > MAX_SIDE) {
            throw new InvalidImageException("impossible size " + dimensions.width() + "x" + dimensions.height());
        }
        return new Image(bytes, format, dimensions.width(), dimensions.height(), sha256(bytes));
    }

    private static Structure parse(ChunkedBytes bytes, ImageFormat format) {
        return switch (format) {
            case PNG -> PngParser.parse(bytes);
            case JPEG -> JpegParser.parse(bytes);
            case WEBP -> WebpParser.parse(bytes);
            case AVIF -> AvifParser.parse(bytes);
        };
    }

    /** Returns the offset after the last byte of a valid image. */
    static int findEnd(ChunkedBytes bytes, ImageFormat format) {
        return parse(bytes, format).end();
    }

    private static ImageFormat detectFormat(ChunkedBytes file) {
        if (file.length() == 0) {
            throw new InvalidImageException("no bytes");
        }
        ImageByteReader reader = new ImageByteReader(file);
        if (reader.startsWith(PngParser.SIGNATURE)) {
            return ImageFormat.PNG;
        }
        if (reader.startsWith(JpegParser.SIGNATURE)) {
            return ImageFormat.JPEG;
        }
        if (WebpParser.hasSignature(reader)) {
            return ImageFormat.WEBP;
        }
        if (AvifParser.hasSignature(reader)) {
            return ImageFormat.AVIF;
        }
        throw new InvalidImageException("neither PNG nor JPEG nor WebP nor AVIF");
    }

    private static String sha256(ChunkedBytes file) {
        MessageDigest digest = DigestUtils.getSha256Digest();
        file.update(digest);
        return HexFormat.of().formatHex(digest.digest());
    }

    /**
     * Width and height in pixels, read from a file.
     *
     * @param end offset after the last byte of the image
     */
    record Structure(int width, int height, int end) {}
}
