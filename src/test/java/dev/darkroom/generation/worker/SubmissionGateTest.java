package dev.darkroom.generation.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.JobReference;
import dev.darkroom.config.Amount;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.ModelSettings;
import dev.darkroom.config.ModelSettings.Target;
import dev.darkroom.config.TestSettings;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.route.BackendRouter;
import dev.darkroom.generation.route.BackendSelection;
import dev.darkroom.generation.route.TestModels;
import dev.darkroom.usage.BudgetLimits;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Submissions that need no statement. The gates of these tests have no database. */
class SubmissionGateTest {
    private static final BackendSettings FREE = TestSettings.DEFAULTS.backend();

    private static SubmissionPermit request(BudgetLimits limits) {
        ModelSettings model = new ModelSettings("flux", "flux", List.of(new Target(FREE.name(), "flux", null)));
        BackendRouter router = new BackendRouter(TestModels.catalog(List.of(model), List.of(FREE)), List.of());
        GenerationLease lease = new GenerationLease(
                UUID.randomUUID(),
                "ann",
                "flux",
                UUID.randomUUID(),
                1,
                1,
                0,
                0,
                FREE.name(),
                BackendSelection.ONLY,
                JobReference.of(UUID.randomUUID()),
                Duration.ofMinutes(1),
                Duration.ofMinutes(1),
                new ImageRequest("key", "a pier", null, 512, 256, 1, 7, "flux", null, InputImages.NONE, 0),
                null,
                null);
        return new SubmissionGate(new SubmissionPricing(router), limits, null, null, router)
                .request(lease)
                .result();
    }

    @Test
    void submissionWithoutPriceAndBudgetIsPermittedAtOnce() {
        assertThat(request(new BudgetLimits(TestSettings.DEFAULTS.accounting(), List.of(FREE))))
                .isEqualTo(SubmissionPermit.GRANTED);
    }

    @Test
    void submissionWithoutPriceNeedsNoBudget() {
        // given a user without any budget left
        BudgetLimits limits = new BudgetLimits(
                TestSettings.with(TestSettings.DEFAULTS.accounting(), "userDayBudget", new Amount(0)), List.of(FREE));

        // then
        assertThat(request(limits)).isEqualTo(SubmissionPermit.GRANTED);
    }
}
