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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

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
        List<Integer> ends = new ArrayList<>();
        List<Long> costs = new ArrayList<>();
        List<BudgetLimit> limits = new ArrayList<>();
        for (Target target : model.targets()) {
            OptionalLong cost = catalog.expectedCost(target, request);
            List<BudgetLimit> ofTarget =
                    catalog.isFreeOfCharge(target, request) ? List.of() : budgetLimits.of(user, target.backend());
            if (ofTarget.isEmpty()) {
                return Future.succeededFuture(Optional.empty());
            }
            limits.addAll(ofTarget);
            ends.add(limits.size());
            costs.add(cost.orElseThrow());
        }
        return budgets.find(limits).map(states -> findExhausted(states, ends, costs));
    }

    /**
     * @param ends end of the states of each target
     * @param costs expected cost at each target
     */
    private static Optional<Exhausted> findExhausted(List<BudgetState> states, List<Integer> ends, List<Long> costs) {
        Optional<Exhausted> last = Optional.empty();
        int start = 0;
        for (int i = 0; i < ends.size(); i++) {
            long cost = costs.get(i);
            Stream<BudgetState> ofTarget = states.subList(start, ends.get(i)).stream();
            last = ofTarget.filter(state -> state.exceededBy(cost))
                    .findFirst()
                    .map(state -> new Exhausted(state, cost));
            if (last.isEmpty()) {
                return last;
            }
            start = ends.get(i);
        }
        return last;
    }
}
