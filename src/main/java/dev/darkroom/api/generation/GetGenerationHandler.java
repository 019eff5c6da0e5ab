package dev.darkroom.api.generation;

import dev.darkroom.api.content.EntityTags;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.auth.ImageUrlSigner;
import dev.darkroom.generation.Generation;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;
import java.util.function.Supplier;

/** {@code GET /api/generation/{generationId}}. Serves finished generations from the {@link FinishedGenerationCache}. */
public final class GetGenerationHandler implements OperationHandler {
    /** Allows a private cache to store the response, and requires revalidation by ETag. */
    private static final CharSequence PRIVATE_NO_CACHE = HttpHeaders.createOptimized("private, no-cache");

    private final GenerationClient generations;
    private final GenerationResponder responder;
    private final FinishedGenerationCache finishedGenerations;
    private final Duration maxWait;

    public GetGenerationHandler(
            GenerationClient generations,
            GenerationResponder responder,
            FinishedGenerationCache finishedGenerations,
            Duration maxWait) {
        this.generations = generations;
        this.responder = responder;
        this.finishedGenerations = finishedGenerations;
        this.maxWait = maxWait;
    }

    @Override
    public String operationId() {
        return "getGeneration";
    }

    @Override
    public void handle(OperationContext operationContext) {
        String id = operationContext.parameter("generationId");
        Duration wait = PreferHeader.parseWait(operationContext.parameter(PreferHeader.NAME), maxWait);
        if (wait != null) {
            operationContext.response().putHeader(PreferHeader.APPLIED_HEADER, PreferHeader.formatApplied(wait));
        }
        FinishedGenerationCache.CachedResponse cachedResponse = finishedGenerations.find(id, operationContext.user());
        (cachedResponse == null
                        ? loadAndSend(operationContext, id, wait)
                        : sendCached(operationContext, id, cachedResponse, wait))
                .onFailure(operationContext::fail);
    }

    private Future<Void> sendCached(
            OperationContext operationContext,
            String id,
            FinishedGenerationCache.CachedResponse cachedResponse,
            Duration wait) {
        if (cachedResponse.querySigner() == null) {
            return send(operationContext, cachedResponse);
        }
        // Image URLs expire: the response is encoded anew when the signer would produce other URLs.
        return responder
                .currentSigner()
                .compose(querySigner -> querySigner.producesSameUrls(cachedResponse.querySigner())
                        ? send(operationContext, cachedResponse)
                        : loadAndSend(operationContext, id, wait));
    }

    private Future<Void> loadAndSend(OperationContext operationContext, String id, Duration wait) {
        long invalidationCount = finishedGenerations.invalidationCount();
        return generations
                .get(operationContext, operationContext.uuid("generationId"), wait == null ? Duration.ZERO : wait)
                .compose(generation -> generation.isPending()
                        ? sendPending(operationContext, generation)
                        : responder
                                .signerForImages(generation)
                                .compose(querySigner ->
                                        send(operationContext, cache(id, generation, querySigner, invalidationCount))));
    }

    private Future<Void> sendPending(OperationContext operationContext, Generation generation) {
        responder.setRetryAfter(operationContext, generation);
        return send(operationContext, PendingGenerationTag.of(generation), () -> responder.encode(generation, null));
    }

    private FinishedGenerationCache.CachedResponse cache(
            String id, Generation generation, ImageUrlSigner.QuerySigner querySigner, long invalidationCount) {
        byte[] bytes = responder.encode(generation, querySigner).getBytes();
        FinishedGenerationCache.CachedResponse cachedResponse = new FinishedGenerationCache.CachedResponse(
                generation.userId(), querySigner, EntityTags.compute(bytes), bytes);
        finishedGenerations.put(id, cachedResponse, invalidationCount);
        return cachedResponse;
    }

    private static Future<Void> send(
            OperationContext operationContext, FinishedGenerationCache.CachedResponse cachedResponse) {
        return send(operationContext, cachedResponse.etag(), () -> Buffer.buffer(cachedResponse.bytes()));
    }

    private static Future<Void> send(OperationContext operationContext, String etag, Supplier<Buffer> body) {
        HttpServerResponse response = operationContext
                .response()
                .putHeader(HttpHeaders.ETAG, etag)
                .putHeader(HttpHeaders.CACHE_CONTROL, PRIVATE_NO_CACHE);
        if (EntityTags.matches(operationContext.parameter("If-None-Match"), etag)) {
            response.setStatusCode(304).end();
        } else {
            response.putHeader(HttpHeaders.CONTENT_TYPE, "application/json");
            operationContext.end(body.get());
        }
        return Future.succeededFuture();
    }
}
