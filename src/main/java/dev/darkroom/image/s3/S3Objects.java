package dev.darkroom.image.s3;

import dev.darkroom.config.S3Settings;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.ServerSideEncryption;

/** Names and properties of the objects of a bucket. */
record S3Objects(S3Settings settings) {
    /** User metadata with the SHA-256 of an image in hexadecimal. */
    static final String SHA256 = "sha256";

    private static final String ANY = "*";

    String bucket() {
        return settings.bucket();
    }

    /** Returns the name of the object with a storage key. */
    String name(String key) {
        return settings.prefix() + key;
    }

    /** Returns the storage key of an object below the prefix. */
    String key(String name) {
        return name.substring(settings.prefix().length());
    }

    String location() {
        return "s3://" + settings.bucket() + "/" + settings.prefix();
    }

    /** Returns the value of {@code If-None-Match} of uploads; null for no condition. */
    String uploadCondition() {
        return settings.conditionalWrites() ? ANY : null;
    }

    /** Creates a request with the configured encryption and storage class. */
    PutObjectRequest.Builder putRequest(String key) {
        PutObjectRequest.Builder request =
                PutObjectRequest.builder().bucket(bucket()).key(name(key));
        switch (settings.encryption()) {
            case BUCKET -> {}
            case SSE_S3 -> request.serverSideEncryption(ServerSideEncryption.AES256);
            case SSE_KMS ->
                request.serverSideEncryption(ServerSideEncryption.AWS_KMS).ssekmsKeyId(settings.kmsKeyId());
        }
        return request.storageClass(settings.storageClass());
    }
}
