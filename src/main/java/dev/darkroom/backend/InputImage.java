package dev.darkroom.backend;

import java.util.UUID;

/**
 * Image that a request is based on: an upload, or a URL from which each attempt fetches it. Immutable.
 *
 * @param uploadId null for a URL
 * @param storageKey key of the upload in the image store; null for a URL, and until the upload has been found
 * @param bytes size of the upload; 0 for a URL, and until the upload has been found
 * @param url of a user, may contain secrets; null for an upload
 */
public record InputImage(UUID uploadId, String storageKey, int bytes, String url) {

    /** Returns an upload that has not been looked for. */
    public static InputImage ofUpload(UUID id) {
        return new InputImage(id, null, 0, null);
    }

    public static InputImage ofUrl(String url) {
        return new InputImage(null, null, 0, url);
    }

    /** Returns whether the image is an upload. */
    public boolean uploaded() {
        return uploadId != null;
    }
}
