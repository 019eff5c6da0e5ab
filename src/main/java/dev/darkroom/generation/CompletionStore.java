package dev.darkroom.generation;

import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Successful ends that share a statement, as {@link LeaseSql#COMPLETE} wants them. */
final class CompletionStore {
    private CompletionStore() {}

    /** A generation whose pictures are whole in the store. */
    record Completion(Lease lease, List<KeptPicture> pictures) {}

    /** One array for each parameter, leases and pictures apart. */
    static Tuple values(List<Completion> given) {
        List<Lease> leases = given.stream().map(Completion::lease).toList();
        List<UUID> owners = new ArrayList<>();
        List<Integer> positions = new ArrayList<>();
        List<KeptPicture> pictures = new ArrayList<>();
        for (Completion one : given) {
            for (int i = 0; i < one.pictures().size(); i++) {
                owners.add(one.lease().generationId());
                positions.add(i);
                pictures.add(one.pictures().get(i));
            }
        }
        return Tuple.tuple()
                .addValue(leases.stream().map(Lease::generationId).toArray(UUID[]::new))
                .addValue(leases.stream().map(Lease::nodeId).toArray(UUID[]::new))
                .addValue(leases.stream().map(Lease::token).toArray(Long[]::new))
                .addValue(owners.toArray(UUID[]::new))
                .addValue(pictures.stream().map(KeptPicture::id).toArray(UUID[]::new))
                .addValue(positions.toArray(Integer[]::new))
                .addValue(pictures.stream().map(KeptPicture::contentType).toArray(String[]::new))
                .addValue(pictures.stream().map(KeptPicture::width).toArray(Integer[]::new))
                .addValue(pictures.stream().map(KeptPicture::height).toArray(Integer[]::new))
                .addValue(pictures.stream().map(KeptPicture::bytes).toArray(Long[]::new))
                .addValue(pictures.stream().map(KeptPicture::sha256).toArray(String[]::new))
                .addValue(pictures.stream().map(KeptPicture::storageKey).toArray(String[]::new));
    }
}
