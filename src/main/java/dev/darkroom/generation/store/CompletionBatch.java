package dev.darkroom.generation.store;

import dev.darkroom.generation.AttemptBilling;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.StoredImage;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Completions that share a statement, as parameters of {@link GenerationLeaseSql#COMPLETE}. */
final class CompletionBatch {
    private CompletionBatch() {}

    /** Lease of a generation with all of its stored images, and the submission of its last attempt. */
    record Completion(GenerationLease generationLease, List<StoredImage> images, AttemptBilling billing) {}

    /** Returns one array per parameter: first those of the leases, then those of the images and of the submissions. */
    static Tuple toParameters(List<Completion> completions) {
        List<GenerationLease> leases =
                completions.stream().map(Completion::generationLease).toList();
        List<UUID> generationIds = new ArrayList<>();
        List<Integer> positions = new ArrayList<>();
        List<StoredImage> images = new ArrayList<>();
        for (Completion completion : completions) {
            for (int i = 0; i < completion.images().size(); i++) {
                generationIds.add(completion.generationLease().generationId());
                positions.add(i);
                images.add(completion.images().get(i));
            }
        }
        return Tuple.tuple()
                .addValue(leases.stream().map(GenerationLease::generationId).toArray(UUID[]::new))
                .addValue(leases.stream().map(GenerationLease::nodeId).toArray(UUID[]::new))
                .addValue(leases.stream().map(GenerationLease::token).toArray(Long[]::new))
                .addValue(generationIds.toArray(UUID[]::new))
                .addValue(images.stream().map(StoredImage::id).toArray(UUID[]::new))
                .addValue(positions.toArray(Integer[]::new))
                .addValue(images.stream().map(StoredImage::contentType).toArray(String[]::new))
                .addValue(images.stream().map(StoredImage::width).toArray(Integer[]::new))
                .addValue(images.stream().map(StoredImage::height).toArray(Integer[]::new))
                .addValue(images.stream().map(StoredImage::bytes).toArray(Long[]::new))
                .addValue(images.stream().map(StoredImage::sha256).toArray(String[]::new))
                .addValue(images.stream().map(StoredImage::storageKey).toArray(String[]::new))
                .addValue(completions.stream()
                        .map(completion -> completion.billing().submitted())
                        .toArray(Boolean[]::new))
                .addValue(completions.stream()
                        .map(completion -> costMicros(completion.billing()))
                        .toArray(Long[]::new))
                .addValue(completions.stream()
                        .map(completion -> costSource(completion.billing()))
                        .toArray(String[]::new));
    }

    /** Returns null without a cost. */
    static Long costMicros(AttemptBilling billing) {
        return billing.cost() == null ? null : billing.cost().micros();
    }

    /** Returns null without a cost. */
    static String costSource(AttemptBilling billing) {
        return billing.cost() == null ? null : billing.cost().source().name();
    }
}
