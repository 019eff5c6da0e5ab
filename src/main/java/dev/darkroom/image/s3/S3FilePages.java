package dev.darkroom.image.s3;

import dev.darkroom.image.store.ImageKeyFactory;
import dev.darkroom.image.store.ImageStore.FilePages;
import dev.darkroom.image.store.ImageStore.StoredFile;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;

/** Lists the images below the prefix of a bucket. Ignores other objects, such as those of an installation with a longer prefix. */
final class S3FilePages implements FilePages {
    private static final int MAX_PAGE_SIZE = 1000;

    private final S3Connection connection;
    private final S3Objects objects;
    private final Duration age;
    private final int limit;
    /** Null for the first page. */
    private String continuation;

    private boolean ended;

    S3FilePages(S3Connection connection, S3Objects objects, Duration age, int limit) {
        this.connection = connection;
        this.objects = objects;
        this.age = age;
        this.limit = Math.min(limit, MAX_PAGE_SIZE);
    }

    @Override
    public Future<List<StoredFile>> next() {
        if (ended) {
            return Future.succeededFuture(List.of());
        }
        return connection
                .send(client -> client.listObjectsV2(request -> request.bucket(objects.bucket())
                        .prefix(objects.name(""))
                        .maxKeys(limit)
                        .continuationToken(continuation)))
                .recover(failure -> S3Failures.failed("list", failure))
                .compose(response -> {
                    continuation = response.nextContinuationToken();
                    ended = continuation == null;
                    List<StoredFile> page = staleFiles(response);
                    return page.isEmpty() ? next() : Future.succeededFuture(page);
                });
    }

    private List<StoredFile> staleFiles(ListObjectsV2Response response) {
        Instant modifiedBefore = timeOf(response).minus(age);
        return response.contents().stream()
                .filter(object -> object.lastModified().isBefore(modifiedBefore))
                .map(object -> new StoredFile(objects.key(object.key()), object.size()))
                .filter(file -> ImageKeyFactory.idOf(file.key()).isPresent())
                .toList();
    }

    /** Returns the time of the object store, whose clock also sets the modification times; that of this process without a header. */
    private static Instant timeOf(ListObjectsV2Response response) {
        return response.sdkHttpResponse()
                .firstMatchingHeader("Date")
                .map(date -> ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME)
                        .toInstant())
                .orElseGet(Instant::now);
    }
}
