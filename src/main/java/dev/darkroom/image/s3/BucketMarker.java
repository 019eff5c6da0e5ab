package dev.darkroom.image.s3;

import dev.darkroom.image.store.ImageStoreException;
import dev.darkroom.image.store.ImageStoreOwner;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;

/** The marker object of a bucket and prefix with the id of the database that the images belong to. Thread-safe. */
record BucketMarker(S3Connection connection, S3Objects objects, ImageStoreOwner owner) {
    /** Starts with a dot, which no storage key does. */
    static final String NAME = ".darkroom";

    /**
     * Reads the marker.
     *
     * @return false when there is no marker. Fails with {@link ImageStoreException} when it contains the id of another database
     */
    Future<Boolean> isPresent() {
        return connection
                .send(client -> client.getObject(
                        request -> request.bucket(objects.bucket()).key(objects.name(NAME)),
                        AsyncResponseTransformer.toBytes()))
                .transform(read -> {
                    if (read.failed()) {
                        return S3Failures.isMissingObject(read.cause())
                                ? Future.succeededFuture(false)
                                : S3Failures.failed("check", read.cause());
                    }
                    String id =
                            read.result().asString(StandardCharsets.US_ASCII).strip();
                    return id.equals(owner.databaseId().toString())
                            ? Future.succeededFuture(true)
                            : Future.failedFuture(new ImageStoreException(objects.location()
                                    + " belongs to another database according to its object " + NAME));
                });
    }

    /** Fails with {@link ImageStoreException} unless the marker exists and contains the id of this database. */
    Future<Void> requirePresent() {
        return isPresent()
                .compose(present -> present
                        ? Future.succeededFuture()
                        : Future.failedFuture(new ImageStoreException(objects.location() + " has no object " + NAME)));
    }

    /**
     * Writes the marker unless it exists. A response that says that it exists also proves the permission to write.
     */
    Future<Void> writeIfAbsent() {
        PutObjectRequest.Builder request =
                objects.putRequest(NAME).contentType("text/plain").ifNoneMatch(objects.uploadCondition());
        return connection
                .send(client ->
                        client.putObject(request.build(), AsyncRequestBody.fromString(owner.databaseId() + "\n")))
                .<Void>mapEmpty()
                .recover(failure -> switch (S3Failures.status(failure)) {
                    case S3Failures.PRECONDITION_FAILED, S3Failures.CONFLICT -> Future.succeededFuture();
                    default -> S3Failures.failed("check", failure);
                });
    }

    ImageStoreException missingImagesException() {
        return new ImageStoreException(objects.location()
                + " has none of the images that the database names. If the images are lost permanently, write "
                + owner.databaseId() + " into its object " + NAME);
    }
}
