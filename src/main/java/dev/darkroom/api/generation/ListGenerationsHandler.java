package dev.darkroom.api.generation;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import io.vertx.core.json.JsonArray;
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
                .compose(querySigner -> generations.list(operationContext).map(page -> {
                    JsonArray items = page.getJsonArray("items");
                    for (int i = 0; i < items.size(); i++) {
                        presenter.present(items.getJsonObject(i), querySigner::signedQuery);
                    }
                    return page;
                }))
                .onSuccess(page -> {
                    String next = page.getString("nextCursor");
                    if (next != null) {
                        operationContext
                                .response()
                                .putHeader(
                                        "Link",
                                        "<" + nextPageLink(operationContext.parameters(), next) + ">; rel=\"next\"");
                    }
                    operationContext.sendJson(200, page);
                })
                .onFailure(operationContext::fail);
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
