package dev.darkroom.api.replicate;

import dev.darkroom.api.contract.CommandClient;
import dev.darkroom.api.contract.IdempotencyKeyHeader;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.api.generation.GenerationClient;
import dev.darkroom.api.generation.GenerationResponder;
import dev.darkroom.api.generation.PreferHeader;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.GenerationResult.CreatedGeneration;
import dev.darkroom.webhook.command.WebhookCommand.GetUserSecret;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/** Operations of the Replicate API. The id of a prediction is that of its generation. */
public final class PredictionOperations {
    /** The wait of {@code Prefer: wait}, as of Replicate. */
    private static final Duration DEFAULT_WAIT = Duration.ofSeconds(60);

    /** The threads decode data URLs. */
    private static final int WORKER_THREADS = 2;

    private final GenerationClient generations;
    private final GenerationResponder responder;
    private final CommandClient webhooks;
    private final InlineImages inlineImages;
    private final Settings settings;

    /**
     * Settings of the operations.
     *
     * @param publicUrl returns the base URL of this service, without a trailing slash
     * @param maxWait maximum time that a request waits for the end of its generation
     * @param maxDataUrlBytes maximum total size of the data URLs of a request
     */
    public record Settings(Supplier<String> publicUrl, Duration maxWait, int maxDataUrlBytes) {}

    /** @param uploads stores the images of data URLs */
    public PredictionOperations(
            Vertx vertx,
            GenerationClient generations,
            GenerationResponder responder,
            CommandClient webhooks,
            CommandClient uploads,
            Settings settings) {
        this.generations = generations;
        this.responder = responder;
        this.webhooks = webhooks;
        this.inlineImages =
                new InlineImages(vertx.createSharedWorkerExecutor("darkroom-predictions", WORKER_THREADS), uploads);
        this.settings = settings;
    }

    /** An operation. Its action returns the body of the response. */
    private record Operation(
            String operationId, int maxDataUrlBytes, Function<OperationContext, Future<JsonObject>> action)
            implements OperationHandler {
        @Override
        public void handle(OperationContext operationContext) {
            Future.succeededFuture()
                    .compose(start -> action.apply(operationContext))
                    .onSuccess(json -> operationContext.sendJson(
                            operationContext.response().getStatusCode(), json))
                    .onFailure(operationContext::fail);
        }
    }

    public List<OperationHandler> handlers() {
        return List.of(
                new Operation(
                        "createPrediction",
                        settings.maxDataUrlBytes(),
                        context -> create(context, context.body().getString("version"))),
                new Operation(
                        "createModelPrediction",
                        settings.maxDataUrlBytes(),
                        context -> create(context, modelOf(context))),
                new Operation("getPrediction", 0, this::get),
                new Operation("cancelPrediction", 0, this::cancel),
                new Operation("getModelVersion", 0, this::getVersion),
                new Operation("getDefaultWebhookSecret", 0, this::getSecret));
    }

    private static String modelOf(OperationContext operationContext) {
        return operationContext.parameter("owner") + "/" + operationContext.parameter("name");
    }

    private Future<JsonObject> create(OperationContext operationContext, String model) {
        Duration wait =
                PreferHeader.parseWait(operationContext.parameter(PreferHeader.NAME), settings.maxWait(), DEFAULT_WAIT);
        return generations
                .getModels(operationContext)
                .map(models -> PredictionRequestParser.parse(model, operationContext.body(), models))
                // Only the images of a valid request are stored.
                .compose(spec -> inlineImages.read(operationContext).map(spec::withInputs))
                .onComplete(read -> operationContext.receivedBody().release().run())
                .compose(spec -> generations.create(operationContext, spec, null))
                .compose(created -> awaitEnd(operationContext, created, wait))
                .compose(generation -> {
                    operationContext.response().setStatusCode(generation.isPending() ? 202 : 201);
                    return toJson(generation);
                });
    }

    private Future<Generation> awaitEnd(OperationContext operationContext, CreatedGeneration created, Duration wait) {
        Generation generation = created.generation();
        IdempotencyKeyHeader.putReplayed(operationContext.response(), created.replayed());
        operationContext.response().putHeader(HttpHeaders.LOCATION, "/v1/predictions/" + generation.id());
        return wait == null || !generation.isPending()
                ? Future.succeededFuture(generation)
                // A failed wait does not change that the generation was accepted.
                : generations.get(operationContext, generation.id(), wait).otherwise(generation);
    }

    private Future<JsonObject> get(OperationContext operationContext) {
        return generations
                .get(operationContext, operationContext.resourceId("predictionId"), Duration.ZERO)
                .compose(this::toJson);
    }

    /** Cancels a prediction. One that has ended stays as it is. */
    private Future<JsonObject> cancel(OperationContext operationContext) {
        return generations
                .cancel(operationContext, operationContext.resourceId("predictionId"))
                .compose(
                        this::toJson,
                        failure -> failure instanceof Problem problem && problem.type() == Problem.Type.CONFLICT
                                ? get(operationContext)
                                : Future.failedFuture(failure));
    }

    private Future<JsonObject> toJson(Generation generation) {
        return responder
                .imageUrls(generation)
                .map(urls ->
                        PredictionJson.toJson(generation, settings.publicUrl().get(), urls));
    }

    /** Returns a version of a model, which the Python client requests to learn the type of the output. */
    private Future<JsonObject> getVersion(OperationContext operationContext) {
        String version = operationContext.parameter("version");
        return generations.getModels(operationContext).map(models -> {
            PredictionRequestParser.findModel(version, models);
            JsonObject output = new JsonObject()
                    .put("type", "array")
                    .put("items", new JsonObject().put("type", "string").put("format", "uri"));
            JsonObject schemas = new JsonObject().put("Output", output);
            return new JsonObject()
                    .put("id", version)
                    .put("created_at", "1970-01-01T00:00:00.000Z")
                    .put("cog_version", "0.9.0")
                    .put(
                            "openapi_schema",
                            new JsonObject().put("components", new JsonObject().put("schemas", schemas)));
        });
    }

    private Future<JsonObject> getSecret(OperationContext operationContext) {
        return webhooks.send(new GetUserSecret(operationContext.user()), operationContext)
                .map(secret -> {
                    operationContext.response().putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
                    return new JsonObject().put("key", secret.secret());
                });
    }
}
