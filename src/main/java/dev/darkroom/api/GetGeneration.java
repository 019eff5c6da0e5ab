package dev.darkroom.api;

import dev.darkroom.access.PictureLinks;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.time.Duration;

/** {@code GET /api/generation/{generationId}}. One that has ended is read once, and then told from memory. */
final class GetGeneration implements OperationHandler {
    /** A reader may keep it, to ask with its ETag whether it is still so. */
    private static final CharSequence KEPT_TO_BE_ASKED_FOR = HttpHeaders.createOptimized("private, no-cache");

    private final GenerationClient generations;
    private final GenerationAnswer answer;
    private final EndedGenerations ended;
    private final Duration maxWait;

    GetGeneration(GenerationClient generations, GenerationAnswer answer, EndedGenerations ended, Duration maxWait) {
        this.generations = generations;
        this.answer = answer;
        this.ended = ended;
        this.maxWait = maxWait;
    }

    @Override
    public String operationId() {
        return "getGeneration";
    }

    @Override
    public void handle(Exchange exchange) {
        String id = exchange.parameter("generationId");
        Duration wait = Preferences.wait(exchange.parameter(Preferences.HEADER), maxWait);
        if (wait != null) {
            exchange.response().putHeader(Preferences.APPLIED, Preferences.applied(wait));
        }
        EndedGenerations.Kept kept = ended.find(id, exchange.user());
        (kept == null ? read(exchange, id, wait) : again(exchange, id, kept, wait)).onFailure(exchange::fail);
    }

    private Future<Void> again(Exchange exchange, String id, EndedGenerations.Kept kept, Duration wait) {
        if (kept.signer() == null) {
            return send(exchange, kept);
        }
        // Its links expire: once in a while they are made anew.
        return answer.signer()
                .compose(signer -> signer.sameAs(kept.signer()) ? send(exchange, kept) : read(exchange, id, wait));
    }

    private Future<Void> read(Exchange exchange, String id, Duration wait) {
        long since = ended.now();
        return (wait == null ? generations.get(exchange, id) : generations.get(exchange, id, wait))
                .compose(generation -> answer.signerFor(generation)
                        .compose(signer -> send(exchange, told(exchange, id, generation, signer, since))));
    }

    private EndedGenerations.Kept told(
            Exchange exchange, String id, JsonObject generation, PictureLinks.Signer signer, long since) {
        answer.sayWhenToAskAgain(exchange, generation);
        boolean pending = GenerationAnswer.pending(generation);
        String user = generation.getString("user");
        byte[] bytes = answer.bytes(generation, signer).getBytes();
        EndedGenerations.Kept told = new EndedGenerations.Kept(user, signer, EntityTags.of(bytes), bytes);
        if (!pending) {
            ended.keep(id, told, since);
        }
        return told;
    }

    private static Future<Void> send(Exchange exchange, EndedGenerations.Kept told) {
        HttpServerResponse response = exchange.response()
                .putHeader(HttpHeaders.ETAG, told.etag())
                .putHeader(HttpHeaders.CACHE_CONTROL, KEPT_TO_BE_ASKED_FOR);
        if (EntityTags.match(exchange.parameter("If-None-Match"), told.etag())) {
            response.setStatusCode(304).end();
        } else {
            response.putHeader(HttpHeaders.CONTENT_TYPE, "application/json");
            exchange.end(Buffer.buffer(told.bytes()));
        }
        return Future.succeededFuture();
    }
}
