package dev.darkroom.image;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Finds out what bytes really are. Only the bytes are asked: no declared type, no file name. The structure is walked to
 * its end, so that a picture that was cut off is noticed; pixels are not decoded.
 *
 * <p>Pure, but it reads and hashes every byte: call it on a worker, not on an event loop.
 */
public final class ImageInspector {
    /** Longest side in pixels. The largest that WebP can have; nothing that Darkroom asks for comes near. */
    public static final int MAX_SIDE = 16_384;

    private ImageInspector() {}

    /**
     * Looks at bytes.
     *
     * @param maxBytes the largest file that is accepted
     * @return the picture, with the very same bytes
     * @throws InvalidImageException when the bytes are no whole PNG, JPEG or WebP picture within the limits
     */
    public static Image inspect(ChunkedBytes bytes, int maxBytes) {
        if (bytes.length() > maxBytes) {
            throw new InvalidImageException("larger than " + maxBytes + " bytes");
        }
        ImageFormat format = detectFormat(bytes);
        Dimensions dimensions = switch (format) {
            case PNG -> PngParser.parseDimensions(bytes);
            case JPEG -> JpegParser.parseDimensions(bytes);
            case WEBP -> WebpParser.parseDimensions(bytes);
        };
        if (dimensions.width() < 1
                || dimensions.height() < 1
                || dimensions.width() > MAX_SIDE
                || dimensions.height() > MAX_SIDE) {
            throw new InvalidImageException("impossible size " + dimensions.width() + "x" + dimensions.height());
        }
        return new Image(bytes, format, dimensions.width(), dimensions.height(), sha256(bytes));
    }

    private static ImageFormat detectFormat(ChunkedBytes file) {
        if (file.length() == 0) {
            throw new InvalidImageException("no bytes");
        }
        ImageByteReader imageByteReader = new ImageByteReader(file);
        if (imageByteReader.startsWith(PngParser.SIGNATURE)) {
            return ImageFormat.PNG;
        }
        if (imageByteReader.startsWith(JpegParser.SIGNATURE)) {
            return ImageFormat.JPEG;
        }
        if (file.length() >= 12
                && imageByteReader.tag(0).equals("RIFF")
                && imageByteReader.tag(8).equals("WEBP")) {
            return ImageFormat.WEBP;
        }
        throw new InvalidImageException("neither PNG nor JPEG nor WebP");
    }

    private static String sha256(ChunkedBytes file) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            file.update(digest);
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Width and height in pixels, as a file says. */
    record Dimensions(int width, int height) {}
}
