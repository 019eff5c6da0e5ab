package dev.darkroom.backend.openai;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputLimits;
import dev.darkroom.backend.RequestLimits;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.BackendCallScope;
import dev.darkroom.backend.http.BackendHttpClient;
import dev.darkroom.backend.http.HttpImageBackend;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.BackendSettings.RequestField;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.http.RequestTarget;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.util.EnumSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Client of an AI server with the OpenAI Images protocol: {@code POST {base}/images/generations}, and {@code POST
 * {base}/images/edits} for requests with input images. Thread-safe; each call
 * stays on the context of its caller. Worker threads ("darkroom-image-decoding") parse responses and decode and inspect
 * images.
 *
 * <p>Source: OpenAI API reference, "Create image", "Create image edit". {@code negative_prompt} and {@code seed} are extensions that many
 * servers support.
 */
public final class OpenAiImagesBackend extends HttpImageBackend {
    private static final Logger LOG = LoggerFactory.getLogger(OpenAiImagesBackend.class);
    /** Names that parameters must not have. */
    public static final Set<String> RESERVED = OpenAiRequestFactory.RESERVED;

    private static final int STATUS_ACCEPTED = 202;

    private final RequestTarget endpoint;
    private final RequestTarget editEndpoint;
    private final OpenAiResponseParser responseParser;
    /** Set for good once the AI server has rejected the extension fields. */
    private volatile boolean extensionsRejected;

    /**
     * @param base effective base URL of the AI server, ends in {@code /v1}; the settings may leave it open
     * @param memoryBudget shared by all backends of the process
     * @param maxHeaderBytes maximum size of the response head in bytes
     */
    public OpenAiImagesBackend(
            Vertx vertx, BackendSettings settings, URI base, ResponseMemoryBudget memoryBudget, int maxHeaderBytes) {
        super(
                settings,
                new BackendHttpClient(
                        vertx, settings, base, memoryBudget, maxHeaderBytes, BackendHttpClient::bearerToken));
        this.endpoint = http.target("/images/generations");
        this.editEndpoint = http.target("/images/edits");
        this.responseParser = new OpenAiResponseParser(settings.maxImageBytes());
    }

    /** A negative prompt is unknown to the models of OpenAI, which reject it, unless the settings name the field. */
    @Override
    public RequestLimits limits(String model) {
        Set<RequestField> fields = requestFields(model);
        boolean negativePrompt = fields.contains(RequestField.NEGATIVE_PROMPT)
                && (settings.requestFields() != null || !OpenAiRequestFactory.isOpenAiModel(model));
        return RequestLimits.ofFields(
                        fields.contains(RequestField.N), fields.contains(RequestField.SEED), negativePrompt)
                .withInputs(InputLimits.upTo(settings.maxInputImages(), true));
    }

    @Override
    public Future<BackendOutcome> generate(ImageRequest request, BackendCall backendCall) {
        return http.run(request.key(), backendCall, scope -> submit(scope, request, backendCall));
    }

    private Future<BackendOutcome> submit(BackendCallScope scope, ImageRequest request, BackendCall backendCall) {
        MultiMap headers = http.headers(scope).add("Idempotency-Key", request.key());
        Set<RequestField> fields = requestFields(request.model());
        return post(scope, request, headers, fields)
                .compose(encoded -> {
                    // An error body is small enough to decode on the event loop.
                    OutboundResponse outboundResponse =
                            encoded.success() ? encoded : http.responses().decode(encoded);
                    boolean resend = settings.requestFields() == null
                            && fields.removeAll(OpenAiRequestFactory.EXTENSIONS)
                            && OpenAiRequestFactory.rejectsExtensions(outboundResponse);
                    if (!resend) {
                        return Future.succeededFuture(outboundResponse);
                    }
                    extensionsRejected = true;
                    LOG.atInfo()
                            .addKeyValue("backend", name())
                            .addKeyValue("fields", "seed,response_format")
                            .log("optional fields rejected, no longer sent");
                    return post(scope, request, headers, fields);
                })
                .compose(outboundResponse -> http.onWorker(() -> readResponse(outboundResponse, request.count())))
                .compose(content -> {
                    backendCall.jobListener().onUsage(content.usage());
                    return http.images().load(scope, content.images());
                });
    }

    /** Returns the optional fields to send, as a set that the caller may modify. */
    private Set<RequestField> requestFields(String model) {
        Set<RequestField> fields = settings.requestFields() == null
                ? OpenAiRequestFactory.optionalFields(model)
                : EnumSet.noneOf(RequestField.class);
        if (settings.requestFields() != null) {
            fields.addAll(settings.requestFields());
        } else if (extensionsRejected) {
            fields.removeAll(OpenAiRequestFactory.EXTENSIONS);
        }
        return fields;
    }

    private Future<OutboundResponse> post(
            BackendCallScope scope, ImageRequest request, MultiMap headers, Set<RequestField> fields) {
        JsonObject body = OpenAiRequestFactory.createBody(request, settings.promptSanitizing(), fields);
        return request.inputs().isEmpty()
                ? http.send(
                        scope,
                        HttpMethod.POST,
                        endpoint,
                        headers.set(HttpHeaders.CONTENT_TYPE, "application/json"),
                        body.toBuffer())
                : http.sendInputs(
                        scope,
                        request.inputs(),
                        inputs -> EditRequestFactory.createForm(body, inputs),
                        form -> http.send(
                                scope,
                                HttpMethod.POST,
                                editEndpoint,
                                headers.set(HttpHeaders.CONTENT_TYPE, form.contentType()),
                                form.body()));
    }

    private OpenAiResponseParser.Content readResponse(OutboundResponse encoded, int count) {
        OutboundResponse outboundResponse = http.responses().requireBody(encoded);
        try {
            return parseEntries(outboundResponse, count);
        } catch (BackendCallException e) {
            throw e.withHttpStatus(outboundResponse.status());
        }
    }

    private OpenAiResponseParser.Content parseEntries(OutboundResponse outboundResponse, int count) {
        Buffer bodyPrefix = outboundResponse.bodyPrefix();
        try {
            return responseParser.parse(outboundResponse.body(), count);
        } catch (ErrorInResponseException e) {
            throw new BackendCallException(http.responses().errors().toFailureInSuccess(outboundResponse, e.error()));
        } catch (BackendCallException e) {
            boolean empty = e.failure().code().equals("EMPTY_RESPONSE");
            BackendFailure refusal = empty ? http.responses().errors().findRefusal(outboundResponse, bodyPrefix) : null;
            throw refusal != null
                    ? new BackendCallException(refusal)
                    : empty && outboundResponse.status() == STATUS_ACCEPTED ? OpenAiResponseParser.taskResponse() : e;
        }
    }
}
