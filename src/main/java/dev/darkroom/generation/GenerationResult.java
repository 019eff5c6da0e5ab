package dev.darkroom.generation;

import java.util.List;
import java.util.UUID;

/** Result of a {@link GenerationCommand}. Immutable. */
public sealed interface GenerationResult
        permits Generation,
                GenerationResult.CreatedGeneration,
                GenerationResult.GenerationPage,
                GenerationResult.ImageLocation,
                GenerationResult.DeletedGeneration {

    /** Returns the owner of the resource. */
    String userId();

    /** @param replayed whether an earlier command with the same idempotency key created the generation */
    record CreatedGeneration(Generation generation, boolean replayed) implements GenerationResult {
        @Override
        public String userId() {
            return generation.userId();
        }
    }

    /**
     * Page of a list.
     *
     * @param items newest first
     * @param nextCursor null on the last page
     */
    record GenerationPage(String userId, List<Generation> items, GenerationListCursor nextCursor)
            implements GenerationResult {
        public GenerationPage {
            items = List.copyOf(items);
        }
    }

    /** Image and its storage location. */
    record ImageLocation(UUID generationId, String userId, StoredImage image) implements GenerationResult {}

    record DeletedGeneration(UUID id, String userId) implements GenerationResult {}
}
