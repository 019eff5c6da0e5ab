package dev.darkroom.generation.command;

import dev.darkroom.backend.ImageRequest;
import dev.darkroom.config.ModelSettings;
import dev.darkroom.config.ModelSettings.Target;
import dev.darkroom.generation.route.ModelCatalog;
import dev.darkroom.generation.store.BudgetStore;
import dev.darkroom.usage.BudgetLimit;
import dev.darkroom.usage.BudgetLimits;
import dev.darkroom.usage.BudgetState;
import io.vertx.core.Future;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Checks the budgets of a request before it is accepted. The reservation before a submission decides; this check rejects early. Executes no
 * statement without budgets that apply. Stateless.
 */
record BudgetCheck(ModelCatalog catalog, BudgetLimits budgetLimits, BudgetStore budgets) {

    /**
     * Budget without room for a request.
     *
     * @param cost expected cost of the request, in millionths of the currency
     */
    record Exhausted(BudgetState budget, long cost) {}

    /** Returns the exhausted budget, when no AI server of the model can make the request within the budgets; otherwise empty. */
    Future<Optional<Exhausted>> findExhausted(String user, ModelSettings model, ImageRequest request) {
        Map<Target, List<BudgetLimit>> limits = new LinkedHashMap<>();
        for (Target target : model.targets()) {
            List<BudgetLimit> ofTarget =
                    catalog.isFreeOfCharge(target, request) ? List.of() : budgetLimits.of(user, target.backend());
            if (ofTarget.isEmpty()) {
                return Future.succeededFuture(Optional.empty());
            }
            limits.put(target, ofTarget);
        }
        return budgets.find(limits.values().stream()
                        .flatMap(List::stream)
                        .distinct()
                        .toList())
                .map(states -> findExhausted(limits, states, request));
    }

    private Optional<Exhausted> findExhausted(
            Map<Target, List<BudgetLimit>> limits, List<BudgetState> states, ImageRequest request) {
        Optional<Exhausted> last = Optional.empty();
        for (Map.Entry<Target, List<BudgetLimit>> target : limits.entrySet()) {
            long cost = catalog.expectedCost(target.getKey(), request).orElseThrow();
            last = states.stream()
                    .filter(state -> target.getValue().contains(state.limit()) && state.exceededBy(cost))
                    .findFirst()
                    .map(state -> new Exhausted(state, cost));
            if (last.isEmpty()) {
                return last;
            }
        }
        return last;
    }
}
