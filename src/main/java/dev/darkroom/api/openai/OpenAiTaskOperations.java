package dev.darkroom.api.openai;

import dev.darkroom.api.contract.IdempotencyKeyHeader;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.api.generation.GenerationClient;
import dev.darkroom.api.openai.error.OpenAiErrors;
import dev.darkroom.api.openai.error.OpenAiRequestException;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.GenerationResult.CreatedGeneration;
import dev.darkroom.generation.GenerationSpec;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;

/**
 * Operations that create images and return a task at once, for clients of resellers. The id of a task is that of its generation. One
 * document serves the clients of sub2api, which read its members, and those of APIMart, which read the member {@code data}.
 */
record OpenAiTaskOperations(GenerationClient generations, OpenAiImageResponder responder) {
    private static final String PATH = "/v1/tasks/";

    /** The interval that the clients use without this header. */
    private static final String RETRY_AFTER_SECONDS = "3";

    private static final String PROCESSING = "processing";
    private static final String COMPLETED = "completed";
    private static final String FAILED = "failed";

    List<OperationHandler> handlers() {
        return List.of(
                new OpenAiJsonOperation("createOpenAiImageTask", 202, responder, this::create),
                new OpenAiJsonOperation("getOpenAiTask", 200, responder, this::get),
                new OpenAiJsonOperation("getOpenAiImageTask", 200, responder, this::get));
    }

    private Future<JsonObject> create(OperationContext operationContext) {
        return generations
                .getModels(operationContext)
                .map(models -> requireUrls(
                        operationContext.body(), OpenAiImageRequestParser.parse(operationContext.body(), models)))
                .compose(spec -> generations.create(operationContext, spec, null))
                .map(created -> describeCreated(operationContext, created));
    }

    /** A task returns URLs later, so a request for anything else is rejected. */
    private static GenerationSpec requireUrls(JsonObject body, OpenAiImageRequest request) {
        if (request.stream()) {
            throw OpenAiRequestException.invalidValue("stream", "must be false or absent for a task");
        }
        if ("b64_json".equals(body.getString("response_format"))) {
            throw OpenAiRequestException.invalidValue("response_format", "must be url or absent for a task");
        }
        return request.spec();
    }

    private static JsonObject describeCreated(OperationContext operationContext, CreatedGeneration created) {
        String id = created.generation().id().toString();
        IdempotencyKeyHeader.putReplayed(operationContext.response(), created.replayed());
        operationContext.response().putHeader(HttpHeaders.LOCATION, PATH + id);
        setRetryAfter(operationContext);
        JsonObject submitted = new JsonObject().put("task_id", id).put("status", "submitted");
        return head(created.generation(), PROCESSING)
                .put("poll_url", PATH + id)
                .put("data", new JsonArray().add(submitted));
    }

    private Future<JsonObject> get(OperationContext operationContext) {
        return generations
                .get(operationContext, operationContext.resourceId("taskId"), Duration.ZERO)
                .compose(generation -> {
                    if (generation.isPending()) {
                        setRetryAfter(operationContext);
                    }
                    return responder.urls().imageUrls(generation).map(urls -> toJson(generation, urls));
                });
    }

    private static void setRetryAfter(OperationContext operationContext) {
        operationContext.response().putHeader(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS);
    }

    static JsonObject toJson(Generation generation, List<String> urls) {
        if (generation.isPending()) {
            return head(generation, PROCESSING)
                    .put(
                            "data",
                            new JsonObject()
                                    .put("id", generation.id().toString())
                                    .put("status", PROCESSING));
        }
        long completedAt = generation.completedAt().getEpochSecond();
        String status = generation.error() == null ? COMPLETED : FAILED;
        JsonObject json = head(generation, status).put("completed_at", completedAt);
        JsonObject data = new JsonObject()
                .put("id", generation.id().toString())
                .put("status", status)
                .put("completed", completedAt);
        if (generation.error() != null) {
            JsonObject error = OpenAiErrors.of(generation.error()).toJson().getJsonObject("error");
            return json.put("error", error).put("data", data.put("error", error));
        }
        JsonArray images = new JsonArray();
        JsonArray lists = new JsonArray();
        for (String url : urls) {
            images.add(new JsonObject().put("url", url));
            lists.add(new JsonObject().put("url", new JsonArray().add(url)));
        }
        return json.put("image_url", urls.get(0))
                .put("result", OpenAiImagesJson.toJson(generation, images))
                .put("data", data.put("result", new JsonObject().put("images", lists)));
    }

    private static JsonObject head(Generation generation, String status) {
        return new JsonObject()
                .put("id", generation.id().toString())
                .put("task_id", generation.id().toString())
                .put("object", "image.generation.task")
                .put("status", status)
                .put("created_at", generation.createdAt().getEpochSecond());
    }
}
