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
public final class PictureInspector {
    /** Longest side in pixels. The largest that WebP can have; nothing that Darkroom asks for comes near. */
    public static final int MAX_SIDE = 16_384;

    private PictureInspector() {}

    /**
     * Looks at bytes.
     *
     * @param maxBytes the largest file that is accepted
     * @return the picture, with the very same bytes
     * @throws NotAPictureException when the bytes are no whole PNG, JPEG or WebP picture within the limits
     */
    public static Picture inspect(Blocks bytes, int maxBytes) {
        if (bytes.length() > maxBytes) {
            throw new NotAPictureException("larger than " + maxBytes + " bytes");
        }
        PictureFormat format = sniff(bytes);
        Size size = switch (format) {
            case PNG -> PngStructure.sizeOf(bytes);
            case JPEG -> JpegStructure.sizeOf(bytes);
            case WEBP -> WebpStructure.sizeOf(bytes);
        };
        if (size.width() < 1 || size.height() < 1 || size.width() > MAX_SIDE || size.height() > MAX_SIDE) {
            throw new NotAPictureException("impossible size " + size.width() + "x" + size.height());
        }
        return new Picture(bytes, format, size.width(), size.height(), sha256(bytes));
    }

    private static PictureFormat sniff(Blocks file) {
        if (file.length() == 0) {
            throw new NotAPictureException("no bytes");
        }
        Bytes bytes = new Bytes(file);
        if (bytes.startsWith(PngStructure.SIGNATURE)) {
            return PictureFormat.PNG;
        }
        if (bytes.startsWith(JpegStructure.SIGNATURE)) {
            return PictureFormat.JPEG;
        }
        if (file.length() >= 12 && bytes.tag(0).equals("RIFF") && bytes.tag(8).equals("WEBP")) {
            return PictureFormat.WEBP;
        }
        throw new NotAPictureException("neither PNG nor JPEG nor WebP");
    }

    private static String sha256(Blocks file) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            file.update(digest);
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Width and height in pixels, as a file says. */
    record Size(int width, int height) {}
}
