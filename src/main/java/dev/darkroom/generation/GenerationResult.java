package dev.darkroom.generation;

import dev.darkroom.backend.RequestLimits;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.UUID;

/** Result of a {@link GenerationCommand}. Immutable. */
public sealed interface GenerationResult
        permits Generation,
                GenerationResult.CreatedGeneration,
                GenerationResult.GenerationPage,
                GenerationResult.ImageLocation,
                GenerationResult.DeletedGeneration,
                GenerationResult.ModelList,
                GenerationResult.AttachedRetry,
                GenerationResult.EndedWaitingRequest,
                UsageReport {

    /** Returns the owner of the resource, or the user of the command when the result belongs to no user. */
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

    /** @param generation generation of the request that the retry repeats; null when the retry should create one */
    record AttachedRetry(String userId, Generation generation) implements GenerationResult {}

    record EndedWaitingRequest(String userId) implements GenerationResult {}

    record DeletedGeneration(UUID id, String userId) implements GenerationResult {}

    /**
     * Models.
     *
     * @param models in the order of the configuration, not empty
     */
    record ModelList(String userId, List<ModelLimits> models) implements GenerationResult {
        public ModelList {
            models = List.copyOf(models);
        }
    }

    /**
     * Model and its limits.
     *
     * @param name null for the only model when requests may name none
     * @param isDefault whether requests without a model get it
     * @param imageFormats media types of its images
     * @param parametersSchema JSON Schema of the parameters; null when the model accepts none
     */
    record ModelLimits(
            String name,
            boolean isDefault,
            RequestLimits limits,
            List<String> imageFormats,
            JsonObject parametersSchema) {
        public ModelLimits {
            imageFormats = List.copyOf(imageFormats);
        }
    }
}
