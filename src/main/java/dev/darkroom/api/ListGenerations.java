package dev.darkroom.api;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** {@code GET /api/generation}. */
final class ListGenerations implements OperationHandler {
    private final GenerationClient generations;
    private final GenerationPresenter presenter;
    private final GenerationAnswer answer;

    ListGenerations(GenerationClient generations, GenerationPresenter presenter, GenerationAnswer answer) {
        this.generations = generations;
        this.presenter = presenter;
        this.answer = answer;
    }

    @Override
    public String operationId() {
        return "listGenerations";
    }

    @Override
    public void handle(Exchange exchange) {
        answer.signer()
                .compose(signer -> generations.list(exchange).map(page -> {
                    JsonArray items = page.getJsonArray("items");
                    for (int i = 0; i < items.size(); i++) {
                        presenter.present(items.getJsonObject(i), signer::query);
                    }
                    return page;
                }))
                .onSuccess(page -> {
                    String next = page.getString("nextCursor");
                    if (next != null) {
                        exchange.response()
                                .putHeader("Link", "<" + link(exchange.parameters(), next) + ">; rel=\"next\"");
                    }
                    exchange.sendJson(200, page);
                })
                .onFailure(exchange::fail);
    }

    /** The same question, from a place on. */
    private static String link(JsonObject parameters, String cursor) {
        List<String> query = new ArrayList<>();
        parameters
                .copy()
                .put("cursor", cursor)
                .forEach(parameter -> query.add(parameter.getKey() + "="
                        + URLEncoder.encode(String.valueOf(parameter.getValue()), StandardCharsets.UTF_8)));
        return "/api/generation?" + String.join("&", query);
    }
}
