package dev.darkroom.generation.command;

import dev.darkroom.backend.InputImage;
import dev.darkroom.backend.InputImages;
import dev.darkroom.eventbus.FieldError;
import dev.darkroom.http.egress.EgressPolicy;
import dev.darkroom.http.egress.HostLookupException;
import dev.darkroom.http.egress.RejectedUrlException;
import dev.darkroom.upload.Upload;
import dev.darkroom.upload.UploadStore;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Checks the input images of requests: finds their uploads and checks their URLs. Fetches nothing; each attempt does.
 *
 * @param egressPolicy checks URLs
 */
record InputImageResolver(UploadStore uploads, EgressPolicy egressPolicy) {
    /** The same for unknown and expired uploads and those of other users, so that clients cannot probe ids. */
    private static final String UNKNOWN_UPLOAD = "is not the id of one of your uploads, or the upload has expired";

    /**
     * Result of a check.
     *
     * @param inputs with the storage keys of the uploads
     * @param errors empty when all images can be used
     */
    record Resolution(InputImages inputs, List<FieldError> errors) {}

    /** Fails with the driver's errors. */
    Future<Resolution> resolve(String user, InputImages inputs) {
        List<UUID> ids = inputs.all().stream()
                .filter(InputImage::uploaded)
                .map(InputImage::uploadId)
                .toList();
        return (ids.isEmpty() ? Future.<List<Upload>>succeededFuture(List.of()) : uploads.find(user, ids))
                .compose(found -> {
                    InputImages resolved =
                            resolve(inputs, found.stream().collect(Collectors.toMap(Upload::id, Function.identity())));
                    return findErrors(resolved).map(errors -> new Resolution(resolved, errors));
                });
    }

    private static InputImages resolve(InputImages inputs, Map<UUID, Upload> found) {
        return new InputImages(
                inputs.images().stream().map(image -> resolve(image, found)).toList(),
                inputs.mask() == null ? null : resolve(inputs.mask(), found));
    }

    /** Leaves out the key when the upload was not found, also that of an earlier generation. */
    private static InputImage resolve(InputImage image, Map<UUID, Upload> found) {
        if (!image.uploaded()) {
            return image;
        }
        Upload upload = found.get(image.uploadId());
        return upload == null
                ? InputImage.ofUpload(image.uploadId())
                : new InputImage(upload.id(), upload.storageKey(), (int) upload.bytes(), null);
    }

    private Future<List<FieldError>> findErrors(InputImages inputs) {
        List<Future<Optional<FieldError>>> checks = new ArrayList<>();
        for (int i = 0; i < inputs.images().size(); i++) {
            checks.add(findError("#/inputImages/" + i, inputs.images().get(i)));
        }
        if (inputs.mask() != null) {
            checks.add(findError("#/mask", inputs.mask()));
        }
        return Future.all(checks)
                .map(done -> done.<Optional<FieldError>>list().stream()
                        .flatMap(Optional::stream)
                        .toList());
    }

    private Future<Optional<FieldError>> findError(String pointer, InputImage image) {
        if (image.uploaded()) {
            return Future.succeededFuture(
                    image.storageKey() == null
                            ? Optional.of(new FieldError(pointer + "/uploadId", UNKNOWN_UPLOAD))
                            : Optional.empty());
        }
        return egressPolicy
                .check(image.url())
                .map(allowed -> Optional.<FieldError>empty())
                // A failed lookup is no error of the request: the attempt looks the host up again.
                .recover(error -> error instanceof RejectedUrlException
                        ? Future.succeededFuture(Optional.of(new FieldError(pointer + "/url", error.getMessage())))
                        : error instanceof HostLookupException
                                ? Future.succeededFuture(Optional.empty())
                                : Future.failedFuture(error));
    }
}
