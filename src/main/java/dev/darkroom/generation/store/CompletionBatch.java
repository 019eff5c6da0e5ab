package dev.darkroom.generation.store;

import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.StoredImage;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Successful ends that share a statement, as {@link GenerationLeaseSql#COMPLETE} wants them. */
final class CompletionBatch {
    private CompletionBatch() {}

    /** A generation whose pictures are whole in the store. */
    record Completion(GenerationLease generationLease, List<StoredImage> pictures) {}

    /** One array for each parameter, leases and pictures apart. */
    static Tuple toParameters(List<Completion> given) {
        List<GenerationLease> leases =
                given.stream().map(Completion::generationLease).toList();
        List<UUID> owners = new ArrayList<>();
        List<Integer> positions = new ArrayList<>();
        List<StoredImage> pictures = new ArrayList<>();
        for (Completion one : given) {
            for (int i = 0; i < one.pictures().size(); i++) {
                owners.add(one.generationLease().generationId());
                positions.add(i);
                pictures.add(one.pictures().get(i));
            }
        }
        return Tuple.tuple()
                .addValue(leases.stream().map(GenerationLease::generationId).toArray(UUID[]::new))
                .addValue(leases.stream().map(GenerationLease::nodeId).toArray(UUID[]::new))
                .addValue(leases.stream().map(GenerationLease::token).toArray(Long[]::new))
                .addValue(owners.toArray(UUID[]::new))
                .addValue(pictures.stream().map(StoredImage::id).toArray(UUID[]::new))
                .addValue(positions.toArray(Integer[]::new))
                .addValue(pictures.stream().map(StoredImage::contentType).toArray(String[]::new))
                .addValue(pictures.stream().map(StoredImage::width).toArray(Integer[]::new))
                .addValue(pictures.stream().map(StoredImage::height).toArray(Integer[]::new))
                .addValue(pictures.stream().map(StoredImage::bytes).toArray(Long[]::new))
                .addValue(pictures.stream().map(StoredImage::sha256).toArray(String[]::new))
                .addValue(pictures.stream().map(StoredImage::storageKey).toArray(String[]::new));
    }
}
