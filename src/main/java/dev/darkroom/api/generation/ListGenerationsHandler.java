package dev.darkroom.api.generation;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.auth.ImageUrlSigner;
import dev.darkroom.generation.GenerationResult.GenerationPage;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** {@code GET /api/generation}. */
public final class ListGenerationsHandler implements OperationHandler {
    private final GenerationClient generations;
    private final GenerationPresenter presenter;
    private final GenerationResponder responder;

    public ListGenerationsHandler(
            GenerationClient generations, GenerationPresenter presenter, GenerationResponder responder) {
        this.generations = generations;
        this.presenter = presenter;
        this.responder = responder;
    }

    @Override
    public String operationId() {
        return "listGenerations";
    }

    @Override
    public void handle(OperationContext operationContext) {
        responder
                .currentSigner()
                .compose(querySigner ->
                        generations.list(operationContext).compose(page -> send(operationContext, page, querySigner)))
                .onFailure(operationContext::fail);
    }

    private Future<Void> send(
            OperationContext operationContext, GenerationPage page, ImageUrlSigner.QuerySigner querySigner) {
        if (page.nextCursor() != null) {
            String link = nextPageLink(
                    operationContext.parameters(), page.nextCursor().encode());
            operationContext.response().putHeader("Link", "<" + link + ">; rel=\"next\"");
        }
        operationContext.sendJson(200, presenter.encode(page, querySigner::signedQuery));
        return Future.succeededFuture();
    }

    /** Returns the path and query of the next page: the parameters of this request with another cursor. */
    private static String nextPageLink(JsonObject parameters, String cursor) {
        List<String> query = new ArrayList<>();
        parameters
                .copy()
                .put("cursor", cursor)
                .forEach(parameter -> query.add(parameter.getKey() + "="
                        + URLEncoder.encode(String.valueOf(parameter.getValue()), StandardCharsets.UTF_8)));
        return "/api/generation?" + String.join("&", query);
    }
}
