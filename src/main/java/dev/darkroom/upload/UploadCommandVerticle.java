package dev.darkroom.upload;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.NoArgGenerator;
import dev.darkroom.config.InboundSettings;
import dev.darkroom.database.DatabaseErrorClassifier;
import dev.darkroom.eventbus.CommandContext;
import dev.darkroom.eventbus.CommandDispatcher;
import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.eventbus.RejectionReason;
import dev.darkroom.image.ChunkedBytes;
import dev.darkroom.image.Image;
import dev.darkroom.image.ImageSanitizer;
import dev.darkroom.image.InvalidImageException;
import dev.darkroom.image.store.ImageKeyFactory;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.upload.UploadCommand.CreateUpload;
import dev.darkroom.upload.UploadCommand.DeleteUpload;
import dev.darkroom.upload.UploadCommand.GetUpload;
import dev.darkroom.upload.UploadStore.Insertion;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.WorkerExecutor;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Handles the commands on {@link UploadCommand#ADDRESS}. Worker threads ("darkroom-upload") inspect the images. Stateless; any number of
 * instances may run.
 */
public final class UploadCommandVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(UploadCommandVerticle.class);
    private static final int WORKER_THREADS = 2;

    /** The time until an upload expires is unknown, and a deletion makes room at once. */
    private static final Duration QUOTA_RETRY_AFTER = Duration.ofSeconds(60);

    private final UploadStore store;
    private final ImageStore imageStore;
    private final InboundSettings.InputImages settings;
    private final NoArgGenerator idGenerator = Generators.timeBasedEpochRandomGenerator();
    private WorkerExecutor workers;

    public UploadCommandVerticle(UploadStore store, ImageStore imageStore) {
        this.store = store;
        this.imageStore = imageStore;
        this.settings = store.settings();
    }

    @Override
    public Future<?> start() {
        workers = vertx.createSharedWorkerExecutor("darkroom-upload", WORKER_THREADS);
        return new CommandDispatcher(UploadCommand.class)
                .on(CreateUpload.class, this::create)
                .on(GetUpload.class, this::get)
                .on(DeleteUpload.class, this::delete)
                .register(vertx, UploadCommand.ADDRESS);
    }

    private Future<CommandReply<Upload>> create(CommandContext<CreateUpload> context) {
        CreateUpload command = context.command();
        UUID id = idGenerator.generate();
        return store.begin(id, command.user(), command.content().length())
                .compose(within -> within
                        ? inspectAndStore(context, id).onComplete(done -> {
                            if (!(done.result() instanceof CommandReply.Completed)) {
                                store.cancel(id);
                            }
                        })
                        : quotaExceeded(context).toFuture());
    }

    private Future<CommandReply<Upload>> inspectAndStore(CommandContext<CreateUpload> context, UUID id) {
        return workers.executeBlocking(() -> inspect(context.command()), false).transform(inspected -> {
            if (inspected.cause() instanceof InvalidImageException invalid) {
                return CommandReply.<Upload>invalidField("#", invalid.getMessage())
                        .toFuture();
            }
            return inspected.succeeded()
                    ? store(context, id, inspected.result())
                    : Future.failedFuture(inspected.cause());
        });
    }

    private Image inspect(CreateUpload command) {
        ChunkedBytes bytes =
                new ChunkedBytes.Builder().append(command.content()).build();
        Image image = ImageSanitizer.sanitize(bytes, settings.maxBytes(), settings.maxPixels());
        if (command.mediaType() != null && !image.format().contentType().equals(command.mediaType())) {
            throw new InvalidImageException("is " + image.format().contentType() + " and not " + command.mediaType());
        }
        return image;
    }

    /**
     * Writes the file before the row, so that a row always has a file. Deletes the file after a failure, unless the row may exist. A file
     * without a row is an orphan.
     */
    private Future<CommandReply<Upload>> store(CommandContext<CreateUpload> context, UUID id, Image image) {
        String key = ImageKeyFactory.createKey(id, image.format());
        return imageStore
                .put(key, image)
                .compose(written -> store.insert(id, context.command().user(), key, image))
                .onFailure(error -> {
                    if (!DatabaseErrorClassifier.isOutcomeUnknown(error)) {
                        deleteFile(key);
                    }
                })
                .map(insertion -> {
                    if (insertion instanceof Insertion.Stored stored) {
                        return stored(context, stored.upload());
                    }
                    deleteFile(key);
                    return insertion instanceof Insertion.QuotaExceeded ? quotaExceeded(context) : userErased(context);
                });
    }

    private static CommandReply<Upload> stored(CommandContext<CreateUpload> context, Upload upload) {
        LOG.atInfo()
                .addKeyValue("upload", upload.id())
                .addKeyValue("bytes", upload.bytes())
                .addKeyValue("requestId", context.requestId())
                .log("upload stored");
        return CommandReply.completed(upload);
    }

    private static CommandReply<Upload> userErased(CommandContext<CreateUpload> context) {
        LOG.atWarn().addKeyValue("requestId", context.requestId()).log("upload discarded, user erased");
        return CommandReply.rejected(RejectionReason.UNAVAILABLE, "the user is being erased");
    }

    private CommandReply<Upload> quotaExceeded(CommandContext<CreateUpload> context) {
        LOG.atWarn().addKeyValue("requestId", context.requestId()).log("upload rejected, quota exceeded");
        return CommandReply.rejected(
                RejectionReason.QUOTA_EXCEEDED,
                "quota of " + settings.maxUploadsPerUser() + " uploads with " + settings.maxUploadBytesPerUser()
                        + " bytes exceeded",
                QUOTA_RETRY_AFTER);
    }

    private Future<CommandReply<Upload>> get(CommandContext<GetUpload> context) {
        GetUpload command = context.command();
        return store.find(command.user(), List.of(command.id()))
                .map(found -> found.stream()
                        .findFirst()
                        .map(CommandReply::completed)
                        .orElseGet(() -> CommandReply.notFound("upload")));
    }

    private Future<CommandReply<UUID>> delete(CommandContext<DeleteUpload> context) {
        DeleteUpload command = context.command();
        return store.delete(command.user(), command.id())
                .map(deleted -> deleted.map(deletion -> {
                            if (deletion.storageKey() != null) {
                                deleteFile(deletion.storageKey());
                            }
                            return CommandReply.completed(command.id());
                        })
                        .orElseGet(() -> CommandReply.notFound("upload")));
    }

    /** Deletes a file without a row. Retention repeats a failed deletion. */
    private void deleteFile(String key) {
        imageStore
                .delete(key)
                .onFailure(error -> LOG.atWarn()
                        .addKeyValue("key", key)
                        .addKeyValue("reason", error.toString())
                        .log("upload file not deleted"));
    }

    @Override
    public Future<?> stop() {
        return workers.close();
    }
}
