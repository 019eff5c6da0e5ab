package dev.darkroom.backend.automatic1111;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputLimits;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.LoadedInputs;
import dev.darkroom.backend.RequestLimits;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.BackendCallScope;
import dev.darkroom.backend.http.BackendHttpClient;
import dev.darkroom.backend.http.HttpImageBackend;
import dev.darkroom.backend.http.InlineImageBody;
import dev.darkroom.backend.http.PromptSanitizer;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.BackendSettings.RequestField;
import dev.darkroom.config.Secret;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.http.RequestTarget;
import dev.darkroom.image.ChunkedBytes;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * Client of an AI server with the API of AUTOMATIC1111: {@code POST {base}/sdapi/v1/txt2img}, and {@code
 * /sdapi/v1/img2img} for requests with an input image. The server answers when the images are
 * complete, and generates for one request at a time; further requests wait inside the open call. A lost response cannot be looked
 * up. Sends no scripts, settings overrides or infotext, which would give clients control of the server. Thread-safe; each call
 * stays on the context of its caller.
 *
 * <p>Sources: the OpenAPI document of stable-diffusion-webui and of Forge; {@code examples/server/api.md} of stable-diffusion.cpp.
 */
public final class Automatic1111Backend extends HttpImageBackend {
    /** Names that parameters must not have: fields that Darkroom writes, and fields that select other inputs or settings of the server. */
    public static final Set<String> RESERVED = Set.of(
            "prompt",
            "negative_prompt",
            "width",
            "height",
            "seed",
            "batch_size",
            "n_iter",
            "send_images",
            "save_images",
            "do_not_save_samples",
            "do_not_save_grid",
            "force_task_id",
            "infotext",
            "init_images",
            "mask",
            "include_init_images",
            "override_settings",
            "override_settings_restore_afterwards");

    private static final Duration PROGRESS_INTERVAL = Duration.ofSeconds(1);

    private final RequestTarget txt2img;
    private final RequestTarget img2img;
    private final RequestTarget interrupt;
    private final TxtToImageResponseParser responseParser;
    private final TaskMonitor taskMonitor;

    /**
     * @param base base URL of the AI server, to which {@code /sdapi/v1/txt2img} is appended
     * @param memoryBudget shared by all backends of the process
     * @param maxHeaderBytes maximum size of the response head in bytes
     */
    public Automatic1111Backend(
            Vertx vertx, BackendSettings settings, URI base, ResponseMemoryBudget memoryBudget, int maxHeaderBytes) {
        this(vertx, settings, base, memoryBudget, maxHeaderBytes, PROGRESS_INTERVAL);
    }

    /** @param progressInterval time between two requests for progress */
    Automatic1111Backend(
            Vertx vertx,
            BackendSettings settings,
            URI base,
            ResponseMemoryBudget memoryBudget,
            int maxHeaderBytes,
            Duration progressInterval) {
        super(
                settings,
                new BackendHttpClient(
                        vertx, settings, base, memoryBudget, maxHeaderBytes, Automatic1111Backend::credentials));
        this.txt2img = http.target("/sdapi/v1/txt2img");
        this.img2img = http.target("/sdapi/v1/img2img");
        this.interrupt = http.target("/sdapi/v1/interrupt");
        this.responseParser = new TxtToImageResponseParser(settings.maxImageBytes());
        this.taskMonitor = new TaskMonitor(http, progressInterval);
    }

    /** Returns HTTP Basic for {@code user:password}, and a bearer token for a key without a colon, as KoboldCpp and proxies expect. */
    private static MultiMap credentials(Secret apiKey) {
        String key = apiKey.value();
        String value = key.contains(":")
                ? "Basic " + Base64.getEncoder().encodeToString(key.getBytes(StandardCharsets.UTF_8))
                : "Bearer " + key;
        return MultiMap.caseInsensitiveMultiMap().add(HttpHeaders.AUTHORIZATION, value);
    }

    @Override
    public RequestLimits limits(String model) {
        return RequestLimits.ofFields(
                        true, settings.sends(RequestField.SEED), settings.sends(RequestField.NEGATIVE_PROMPT))
                .withInputs(InputLimits.upTo(1, true));
    }

    @Override
    public Future<BackendOutcome> generate(ImageRequest request, BackendCall backendCall) {
        return http.run(request.key(), backendCall, scope -> submit(scope, request, backendCall));
    }

    private Future<BackendOutcome> submit(BackendCallScope scope, ImageRequest request, BackendCall backendCall) {
        UUID taskId = backendCall.job().key();
        MultiMap headers = http.headers(scope).add(HttpHeaders.CONTENT_TYPE, "application/json");
        JsonObject fields = createBody(request, taskId);
        Future<OutboundResponse> response = request.inputs().isEmpty()
                ? http.send(scope, HttpMethod.POST, txt2img, headers, fields.toBuffer())
                : http.sendInputs(
                        scope,
                        request.inputs(),
                        inputs -> addImages(fields, inputs),
                        body -> http.send(scope, HttpMethod.POST, img2img, headers, body));
        taskMonitor.reportProgress(scope, taskId, backendCall.jobListener(), response);
        return response.compose(encoded -> http.onWorker(() -> readImages(encoded, request.count())))
                .compose(images -> http.images().loadWithoutMetadata(scope, images));
    }

    private JsonObject createBody(ImageRequest request, UUID taskId) {
        boolean pass = settings.promptSanitizing() == BackendSettings.PromptSanitizing.PASS;
        JsonObject body = request.copyParameters()
                .put("prompt", pass ? request.prompt() : PromptSanitizer.sanitizeTags(request.prompt()));
        if (request.negativePrompt() != null && settings.sends(RequestField.NEGATIVE_PROMPT)) {
            body.put(
                    "negative_prompt",
                    pass ? request.negativePrompt() : PromptSanitizer.sanitizeTags(request.negativePrompt()));
        }
        if (settings.sends(RequestField.SEED)) {
            body.put("seed", request.seed());
        }
        return body.put("width", request.width())
                .put("height", request.height())
                .put("batch_size", request.count())
                .put("n_iter", 1)
                .put("send_images", true)
                .put("save_images", false)
                .put("force_task_id", taskId.toString());
    }

    private static Buffer addImages(JsonObject fields, LoadedInputs inputs) {
        InlineImageBody body =
                new InlineImageBody(inputs.bytes(), false).start(fields).addAll("init_images", inputs.images());
        return (inputs.mask() == null ? body : body.add("mask", inputs.mask())).end();
    }

    private List<ChunkedBytes> readImages(OutboundResponse encoded, int count) {
        OutboundResponse outboundResponse = http.responses().requireBody(encoded);
        Buffer bodyPrefix = outboundResponse.bodyPrefix();
        try {
            return responseParser.parse(outboundResponse.body(), count);
        } catch (BackendCallException e) {
            Object error = e.failure().code().equals("EMPTY_RESPONSE") ? findError(bodyPrefix) : null;
            throw error == null
                    ? e.withHttpStatus(outboundResponse.status())
                    : new BackendCallException(http.responses()
                            .errors()
                            .toFailureInSuccess(
                                    outboundResponse,
                                    new JsonObject().put("error", error).toBuffer()));
        }
    }

    /**
     * Returns the error in a success without images; null for none. Ignores the other fields, {@code parameters} and {@code info},
     * which repeat the prompt.
     */
    private static Object findError(Buffer body) {
        try {
            return Json.decodeValue(body) instanceof JsonObject object
                    ? object.getValue("error", object.getValue("detail"))
                    : null;
        } catch (DecodeException e) {
            return null;
        }
    }

    /**
     * Interrupts the job while the AI server reports it as running. The interruption itself names no job: if the job ends in between
     * and another one starts, that one is interrupted. A waiting job cannot be canceled.
     */
    @Override
    public Future<Void> cancel(JobReference job) {
        return http.cancel(
                job,
                scope -> taskMonitor
                        .requestStatus(scope, job.key())
                        .compose(status -> status.running()
                                ? http.send(scope, HttpMethod.POST, interrupt, http.headers(scope), null)
                                : Future.succeededFuture()));
    }
}
