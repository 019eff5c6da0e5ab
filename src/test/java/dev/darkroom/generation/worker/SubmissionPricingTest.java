package dev.darkroom.generation.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.JobReference;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.ModelSettings;
import dev.darkroom.config.ModelSettings.Target;
import dev.darkroom.config.PriceList;
import dev.darkroom.config.PriceList.Rule;
import dev.darkroom.config.TestSettings;
import dev.darkroom.generation.AttemptBilling;
import dev.darkroom.generation.Cost;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.route.BackendRouter;
import dev.darkroom.generation.route.BackendSelection;
import dev.darkroom.generation.route.TestModels;
import io.vertx.core.json.JsonObject;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SubmissionPricingTest {
    private static final Map<String, BigDecimal> NO_USAGE = Map.of();

    private static PriceList priceList(Rule... rules) {
        return new PriceList(List.of(rules));
    }

    private static Rule rule(String price, String... terms) {
        return new Rule("flux-2", Set.of(terms), new BigDecimal(price));
    }

    private static SubmissionPricing pricing(PriceList prices, PriceList usagePrices) {
        BackendSettings backend =
                TestSettings.with(TestSettings.DEFAULTS.backend(), "prices", prices, "usagePrices", usagePrices);
        ModelSettings model = new ModelSettings("flux", "flux", List.of(new Target(backend.name(), "flux-2", null)));
        return new SubmissionPricing(
                new BackendRouter(TestModels.catalog(List.of(model), List.of(backend)), List.of()));
    }

    private static GenerationLease lease(int count, JsonObject parameters) {
        return new GenerationLease(
                UUID.randomUUID(),
                "ann",
                "flux",
                UUID.randomUUID(),
                1,
                1,
                0,
                0,
                TestSettings.DEFAULTS.backend().name(),
                BackendSelection.ONLY,
                JobReference.of(UUID.randomUUID()),
                Duration.ofMinutes(1),
                Duration.ofMinutes(1),
                new ImageRequest("key", "a pier", null, 512, 256, count, 7, "flux", parameters, InputImages.NONE, 0),
                null,
                null);
    }

    @Test
    void priceDependsOnModelSizeQualityAndCount() {
        // given
        SubmissionPricing pricing =
                pricing(priceList(rule("0.0000005", "512x256", "high"), rule("0.04", "512x256")), PriceList.EMPTY);

        // then
        assertThat(pricing.expectedCost(lease(3, null))).hasValue(120_000);
        assertThat(pricing.expectedCost(lease(3, new JsonObject().put("quality", "high"))))
                .as("1.5 millionths, rounded")
                .hasValue(2);
    }

    @Test
    void backendWithoutPricesCostsNothing() {
        // given
        SubmissionPricing pricing = pricing(PriceList.EMPTY, PriceList.EMPTY);

        // then
        assertThat(pricing.expectedCost(lease(1, null))).isEmpty();
        assertThat(pricing.bill(lease(1, null), true, Map.of("credits", BigDecimal.ONE), null))
                .isEqualTo(new AttemptBilling(true, null));
    }

    @Test
    void reportedUsageReplacesConfiguredPrice() {
        // given
        SubmissionPricing pricing = pricing(
                priceList(rule("0.04")), priceList(rule("0.000005", "input_tokens"), rule("0.00003", "output_tokens")));
        Map<String, BigDecimal> usage = Map.of(
                "input_tokens", BigDecimal.valueOf(50),
                "output_tokens", BigDecimal.valueOf(4160),
                "total_tokens", BigDecimal.valueOf(4210));

        // then
        assertThat(pricing.bill(lease(1, null), true, usage, null))
                .isEqualTo(new AttemptBilling(true, new Cost(125_050, Cost.Source.REPORTED)));
        assertThat(pricing.bill(lease(1, null), true, usage, FailureClass.SERVER_ERROR))
                .isEqualTo(new AttemptBilling(true, new Cost(125_050, Cost.Source.REPORTED)));
        assertThat(pricing.bill(lease(1, null), true, NO_USAGE, null))
                .isEqualTo(new AttemptBilling(true, new Cost(40_000, Cost.Source.CONFIGURED)));
    }

    @ParameterizedTest
    @EnumSource(FailureClass.class)
    void failedSubmissionCostsItsPriceWhenItMayBeBilled(FailureClass failureClass) {
        // when
        AttemptBilling billing =
                pricing(priceList(rule("0.04")), PriceList.EMPTY).bill(lease(1, null), true, NO_USAGE, failureClass);

        // then
        assertThat(billing.cost())
                .isEqualTo(failureClass.mayBeBilled() ? new Cost(40_000, Cost.Source.CONFIGURED) : null);
    }

    @Test
    void attemptWithoutSubmissionCostsNothing() {
        assertThat(pricing(priceList(rule("0.04")), priceList(rule("1", "credits")))
                        .bill(lease(1, null), false, Map.of("credits", BigDecimal.ONE), null))
                .isEqualTo(AttemptBilling.NONE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "1e999999999", "1e-999999999", "1e12"})
    void implausibleReportIsIgnored(String credits) {
        // when
        AttemptBilling billing = pricing(priceList(rule("0.04")), priceList(rule("1", "credits")))
                .bill(lease(1, null), true, Map.of("credits", new BigDecimal(credits)), null);

        // then
        assertThat(billing.cost()).isEqualTo(new Cost(40_000, Cost.Source.CONFIGURED));
    }
}
