package dev.darkroom.generation.worker;

import dev.darkroom.backend.FailureClass;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.PriceList;
import dev.darkroom.generation.AttemptBilling;
import dev.darkroom.generation.Cost;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.route.BackendRouter;
import java.math.BigDecimal;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** Costs of submissions by the prices of the settings, in millionths of the currency. Stateless. */
record SubmissionPricing(BackendRouter router) {
    /** Maximum number of digits of a reported quantity, before and after the decimal point. */
    private static final int MAX_DIGITS = 18;

    /** A higher cost is ignored, as if nothing had been reported. */
    private static final BigDecimal MAX_REPORTED_COST = BigDecimal.valueOf(1_000_000_000);

    /** Returns the configured price of the images of a submission; empty without a price. */
    OptionalLong expectedCost(GenerationLease generationLease) {
        return router.expectedCost(generationLease.route(), generationLease.backend(), generationLease.imageRequest());
    }

    /**
     * Returns the submission of an ended attempt. The attempt that made a submission has its cost, never a later one that looks it up.
     *
     * @param submitted whether the attempt made a submission
     * @param usage that the AI server reported; empty when it reported none
     * @param failureClass null after success
     */
    AttemptBilling bill(
            GenerationLease generationLease,
            boolean submitted,
            Map<String, BigDecimal> usage,
            FailureClass failureClass) {
        if (!submitted) {
            return AttemptBilling.NONE;
        }
        Optional<Cost> reported = reportedCost(generationLease, usage);
        if (reported.isPresent() || failureClass != null && !failureClass.mayBeBilled()) {
            return new AttemptBilling(true, reported.orElse(null));
        }
        OptionalLong expected = expectedCost(generationLease);
        return new AttemptBilling(
                true, expected.isPresent() ? new Cost(expected.getAsLong(), Cost.Source.CONFIGURED) : null);
    }

    private Optional<Cost> reportedCost(GenerationLease generationLease, Map<String, BigDecimal> usage) {
        BackendSettings settings = settings(generationLease);
        if (settings == null) {
            return Optional.empty();
        }
        return usage.entrySet().stream()
                .filter(unit -> isPlausible(unit.getValue()))
                .flatMap(unit -> settings.usagePrices().find(model(generationLease), Set.of(unit.getKey())).stream()
                        .map(unit.getValue()::multiply))
                .reduce(BigDecimal::add)
                .filter(sum -> sum.compareTo(MAX_REPORTED_COST) <= 0)
                .map(sum -> new Cost(PriceList.toMicros(sum), Cost.Source.REPORTED));
    }

    /** An AI server may report any number. */
    private static boolean isPlausible(BigDecimal quantity) {
        return quantity.signum() >= 0
                && quantity.scale() <= MAX_DIGITS
                && quantity.precision() - quantity.scale() <= MAX_DIGITS;
    }

    private BackendSettings settings(GenerationLease generationLease) {
        return router.settings(generationLease.backend()).orElse(null);
    }

    private String model(GenerationLease generationLease) {
        return router.modelAt(generationLease.route(), generationLease.backend());
    }
}
