package dev.darkroom.image.s3;

import dev.darkroom.config.S3Settings;
import dev.darkroom.config.SettingsException;
import dev.darkroom.image.Image;
import dev.darkroom.image.store.ImageContent;
import dev.darkroom.image.store.ImageKeyFactory;
import dev.darkroom.image.store.ImageNotFoundException;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreException;
import dev.darkroom.image.store.ImageStoreOwner;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.URI;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.codec.DecoderException;
import org.apache.commons.codec.binary.Hex;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;

/**
 * Stores images as objects of a bucket, which several processes may share. Thread-safe.
 *
 * <p>Futures fail with {@link ImageStoreException}, whose message is one line without credentials.
 */
public final class S3ImageStore implements ImageStore {
    private final Vertx vertx;
    private final S3Settings settings;
    private final S3Objects objects;
    private final S3Connection connection;
    private final BucketMarker marker;
    private final ImageStoreOwner owner;

    private S3ImageStore(Vertx vertx, S3Settings settings, ImageStoreOwner owner) {
        this.vertx = vertx;
        this.settings = settings;
        this.objects = new S3Objects(settings);
        this.connection = new S3Connection(vertx, settings);
        this.marker = new BucketMarker(connection, objects, owner);
        this.owner = owner;
    }

    /**
     * Opens the store. Writes its marker if the bucket has none below the prefix.
     *
     * @param owner the database that the images belong to
     * @return fails with a {@link SettingsException} when the bucket is not writable, or the prefix belongs to another database
     */
    public static Future<ImageStore> open(Vertx vertx, S3Settings settings, ImageStoreOwner owner) {
        S3ImageStore store = new S3ImageStore(vertx, settings, owner);
        return store.checkWritable()
                .<ImageStore>map(store)
                .recover(failure -> store.close()
                        .transform(closed -> Future.failedFuture(
                                new SettingsException("DARKROOM_S3_BUCKET: expected a writable bucket, got \""
                                        + settings.bucket() + "\" (" + failure.getMessage() + ")"))));
    }

    /** Creates a store that checks and creates nothing. For reading only. */
    public static ImageStore forReading(Vertx vertx, S3Settings settings, ImageStoreOwner owner) {
        return new S3ImageStore(vertx, settings, owner);
    }

    @Override
    public Future<Void> put(String key, Image image) {
        if (ImageKeyFactory.idOf(key).isEmpty()) {
            return Future.failedFuture(new IllegalArgumentException("not a storage key: " + key));
        }
        PutObjectRequest request = objects.putRequest(key)
                .contentType(image.format().contentType())
                .contentLength((long) image.size())
                .cacheControl(ImageStore.CACHE_CONTROL)
                .checksumSHA256(toBase64(image.sha256()))
                .metadata(Map.of(S3Objects.SHA256, image.sha256()))
                .ifNoneMatch(objects.uploadCondition())
                .build();
        return connection
                .send(client -> client.putObject(request, new ImageUpload(image.bytes())))
                .<Void>mapEmpty()
                .recover(failure -> S3Failures.status(failure) == S3Failures.PRECONDITION_FAILED
                        ? requireSame(key, image)
                        : S3Failures.failed("upload", failure));
    }

    /** Succeeds when the object is a previous upload of the image, whose response was lost. */
    private Future<Void> requireSame(String key, Image image) {
        return connection
                .send(client -> client.headObject(
                        request -> request.bucket(objects.bucket()).key(objects.name(key))))
                .recover(failure -> S3Failures.failed("upload", failure))
                .compose(stored -> stored.contentLength() == image.size()
                                && image.sha256().equals(stored.metadata().get(S3Objects.SHA256))
                        ? Future.succeededFuture()
                        : Future.failedFuture(
                                new ImageStoreException("S3 upload failed: another object has the key " + key)));
    }

    private static String toBase64(String hex) {
        try {
            return Base64.getEncoder().encodeToString(Hex.decodeHex(hex));
        } catch (DecoderException e) {
            throw new IllegalArgumentException(e);
        }
    }

    @Override
    public Future<ImageContent> open(String key, long start, long end) {
        if (ImageKeyFactory.idOf(key).isEmpty()) {
            return Future.failedFuture(new ImageNotFoundException(key));
        }
        Context context = vertx.getOrCreateContext();
        return S3ImageContent.open(context, (position, response) -> download(key, position, end, response), start);
    }

    private <T> Future<T> download(
            String key, long start, long end, AsyncResponseTransformer<GetObjectResponse, T> response) {
        return connection
                .download(client -> client.getObject(
                        request -> request.bucket(objects.bucket())
                                .key(objects.name(key))
                                .range("bytes=" + start + "-" + (end - 1)),
                        response))
                .recover(failure -> failRead("download", key, failure));
    }

    private static <T> Future<T> failRead(String operation, String key, Throwable failure) {
        return S3Failures.isMissingObject(failure)
                ? Future.failedFuture(new ImageNotFoundException(key))
                : S3Failures.failed(operation, failure);
    }

    /** A missing bucket looks like a missing object, because the response to {@code HEAD} has no body. */
    @Override
    public Future<ImageProperties> properties(String key) {
        if (ImageKeyFactory.idOf(key).isEmpty()) {
            return Future.failedFuture(new ImageNotFoundException(key));
        }
        return connection
                .send(client -> client.headObject(
                        request -> request.bucket(objects.bucket()).key(objects.name(key))))
                .map(object -> new ImageProperties(
                        object.contentLength(),
                        Optional.ofNullable(object.metadata().get(S3Objects.SHA256))))
                .recover(failure -> failRead("size", key, failure));
    }

    @Override
    public Future<Optional<URI>> downloadUrl(String key) {
        if (settings.delivery() == S3Settings.Delivery.PROXY) {
            return Future.succeededFuture(Optional.empty());
        }
        if (settings.redirectBaseUrl() != null) {
            return Future.succeededFuture(
                    Optional.of(URI.create(settings.redirectBaseUrl() + "/" + objects.name(key))));
        }
        return connection
                .compute(clients -> clients.presigner()
                        .presignGetObject(presign -> presign.signatureDuration(settings.redirectLifetime())
                                .getObjectRequest(request ->
                                        request.bucket(objects.bucket()).key(objects.name(key)))))
                .map(signed -> Optional.of(URI.create(signed.url().toString())))
                .recover(failure -> S3Failures.failed("signature", failure));
    }

    /** Also writes the marker of a prefix that is new, or that has images of the database and no marker. */
    @Override
    public Future<Void> checkWritable() {
        return marker.isPresent()
                .compose(present -> present
                        ? marker.writeIfAbsent()
                        : requireSampleImages()
                                .compose(owned -> marker.writeIfAbsent())
                                // Another installation may have written its marker meanwhile.
                                .compose(written -> marker.requirePresent()));
    }

    private Future<Void> requireSampleImages() {
        return owner.sampleKeys()
                .get()
                .compose(keys -> keys.isEmpty() ? Future.succeededFuture(true) : existsAny(keys))
                .compose(exists ->
                        exists ? Future.succeededFuture() : Future.failedFuture(marker.missingImagesException()));
    }

    private Future<Boolean> existsAny(List<String> keys) {
        return keys.isEmpty()
                ? Future.succeededFuture(false)
                : size(keys.get(0))
                        .map(true)
                        .recover(failure -> failure instanceof ImageNotFoundException
                                ? existsAny(keys.subList(1, keys.size()))
                                : Future.failedFuture(failure));
    }

    @Override
    public Future<Void> checkOwner() {
        return marker.requirePresent();
    }

    @Override
    public Future<Void> delete(String key) {
        if (ImageKeyFactory.idOf(key).isEmpty()) {
            return Future.failedFuture(new IllegalArgumentException("not a storage key: " + key));
        }
        return connection
                .send(client -> client.deleteObject(
                        request -> request.bucket(objects.bucket()).key(objects.name(key))))
                .<Void>mapEmpty()
                .recover(failure -> S3Failures.isMissingObject(failure)
                        ? Future.succeededFuture()
                        : S3Failures.failed("deletion", failure));
    }

    @Override
    public FilePages listStaleFiles(Duration age, int limit) {
        return new S3FilePages(connection, objects, age, limit);
    }

    @Override
    public String location() {
        return objects.location();
    }

    @Override
    public Future<Void> close() {
        return connection.close();
    }
}
