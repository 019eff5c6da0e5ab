package dev.darkroom.usage;

import dev.darkroom.config.Amount;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.Budget;
import dev.darkroom.config.Settings;
import dev.darkroom.usage.BudgetLimit.Period;
import dev.darkroom.usage.BudgetLimit.Scope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Limits of the settings. Thread-safe. */
public final class BudgetLimits {
    private final Settings.Accounting accounting;
    private final Map<String, List<BudgetLimit>> backends = new HashMap<>();

    public BudgetLimits(Settings.Accounting accounting, List<BackendSettings> backends) {
        this.accounting = accounting;
        for (BackendSettings backend : backends) {
            this.backends.put(backend.name(), toLimits(Scope.BACKEND, backend.name(), backend.budget()));
        }
    }

    /** Returns the currency of the limits. */
    public String currency() {
        return accounting.currency();
    }

    /** Returns the limits of a user; empty when there are none. */
    public List<BudgetLimit> ofUser(String user) {
        return toLimits(Scope.USER, user, accounting.budgetOf(user));
    }

    /** Returns the limits of an AI server; empty when there are none. */
    public List<BudgetLimit> ofBackend(String backend) {
        return backends.getOrDefault(backend, List.of());
    }

    /** Returns the limits of a submission; empty when there are none. */
    public List<BudgetLimit> of(String user, String backend) {
        List<BudgetLimit> ofUser = ofUser(user);
        List<BudgetLimit> ofBackend = ofBackend(backend);
        if (ofUser.isEmpty()) {
            return ofBackend;
        }
        List<BudgetLimit> all = new ArrayList<>(ofUser);
        all.addAll(ofBackend);
        return all;
    }

    private static List<BudgetLimit> toLimits(Scope scope, String owner, Budget budget) {
        if (budget.day() == null && budget.month() == null) {
            return List.of();
        }
        List<BudgetLimit> limits = new ArrayList<>(2);
        addLimit(limits, scope, owner, Period.DAY, budget.day());
        addLimit(limits, scope, owner, Period.MONTH, budget.month());
        return limits;
    }

    private static void addLimit(List<BudgetLimit> limits, Scope scope, String owner, Period period, Amount amount) {
        if (amount != null) {
            limits.add(new BudgetLimit(scope, owner, period, amount.micros()));
        }
    }
}
