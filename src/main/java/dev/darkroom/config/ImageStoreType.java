package dev.darkroom.config;

/** Where images are stored. */
public enum ImageStoreType {
    /** In a directory. */
    LOCAL,
    /** In a bucket of an S3-compatible object store. */
    S3
}
