package dev.darkroom.generation;

import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.InputImages;
import dev.darkroom.generation.Attempt.AttemptError;
import dev.darkroom.generation.route.BackendSelection;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Creates generations in every state. */
public final class TestGenerations {
    public static final UUID ID = UUID.fromString("019a8c1e-0000-7000-8000-000000000001");
    public static final Instant CREATED_AT = Instant.parse("2026-11-23T18:01:02.345678Z");

    /** A submission without a cost. */
    public static final AttemptBilling SUBMITTED = new AttemptBilling(true, null);

    private TestGenerations() {}

    /** Returns a generation with an image when it is COMPLETE and with an error when it is FAILED. Numbers the attempts. */
    public static Generation generation(GenerationStatus status, int failedAttempts, Attempt... attempts) {
        return generation(status, CREATED_AT, failedAttempts, images(status), attempts);
    }

    private static List<StoredImage> images(GenerationStatus status) {
        return status == GenerationStatus.COMPLETE ? List.of(image(ID, "image/png")) : List.of();
    }

    public static Generation pending(Instant createdAt, Attempt... attempts) {
        return generation(GenerationStatus.PENDING, createdAt, 0, List.of(), attempts);
    }

    public static Generation complete(StoredImage... images) {
        return generation(GenerationStatus.COMPLETE, CREATED_AT, 0, List.of(images));
    }

    private static Generation generation(
            GenerationStatus status,
            Instant createdAt,
            int failedAttempts,
            List<StoredImage> images,
            Attempt... attempts) {
        List<Attempt> numbered = new ArrayList<>();
        for (Attempt attempt : attempts) {
            numbered.add(new Attempt(
                    numbered.size() + 1,
                    attempt.backend(),
                    attempt.selection(),
                    attempt.apiKey(),
                    attempt.startedAt(),
                    attempt.progress(),
                    attempt.finishedAt(),
                    attempt.outcome(),
                    attempt.counted(),
                    attempt.error(),
                    attempt.retryAt(),
                    attempt.billing()));
        }
        return new Generation(
                ID,
                "ann",
                status,
                new GenerationRequest("secret", null, 64, 64, 1, 7, null, null, null, InputImages.NONE, 0),
                null,
                null,
                failedAttempts,
                numbered,
                images,
                status == GenerationStatus.FAILED
                        ? new GenerationError("CANCELLED", FailureClass.NOT_SENT, "m", true)
                        : null,
                createdAt,
                createdAt,
                status == GenerationStatus.PENDING ? null : createdAt);
    }

    public static StoredImage image(UUID id, String contentType) {
        return new StoredImage(id, contentType, 64, 64, 1000, "ab".repeat(32), "00/" + id);
    }

    public static Attempt running() {
        return Attempt.running(1, "default", BackendSelection.ONLY, null, CREATED_AT, null);
    }

    public static Attempt succeeded() {
        return new Attempt(
                1,
                "default",
                BackendSelection.ONLY,
                null,
                CREATED_AT,
                null,
                CREATED_AT,
                AttemptOutcome.SUCCEEDED,
                true,
                null,
                null,
                new AttemptBilling(true, new Cost(40_000, Cost.Source.CONFIGURED)));
    }

    /** @param retryAt null when there is no further attempt */
    public static Attempt failed(Instant retryAt) {
        return new Attempt(
                1,
                "default",
                BackendSelection.ONLY,
                null,
                CREATED_AT,
                null,
                CREATED_AT,
                AttemptOutcome.RETRYABLE,
                true,
                new AttemptError(FailureClass.SERVER_ERROR, "OOPS", "m", 500),
                retryAt,
                SUBMITTED);
    }
}
