package dev.darkroom.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.RequestLimits.ImageSize;
import dev.darkroom.config.TestSettings;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Limits and parameters of an AI server before and after they were read from it. */
class BackendCapabilitiesTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(1);
    private static final RequestLimits DECLARED = new RequestLimits(
            400,
            NumberRange.between(64, 2048),
            NumberRange.between(64, 2048),
            List.of(),
            NumberRange.between(1, 4),
            NumberRange.between(0, 100),
            true);
    private static final ParametersSchema SCHEMA = ParametersSchema.parse(
            "p.json",
            Buffer.buffer("{\"type\": \"object\", \"properties\": {\"steps\": {\"type\": \"integer\"}, \"cfg\": {}}}"),
            Set.of());

    private Future<Optional<ServerLimits>> answer = Future.succeededFuture(Optional.empty());
    private final BackendCapabilities capabilities = new BackendCapabilities(
            TestSettings.DEFAULTS.backend(),
            new StubImageBackend("b") {
                @Override
                public Future<Optional<ServerLimits>> readLimits(
                        String model, Set<String> parameters, Duration timeout) {
                    assertThat(parameters).containsExactlyInAnyOrder("steps", "cfg");
                    return answer;
                }
            },
            SCHEMA);

    private static ServerLimits serverLimits(
            NumberRange width, NumberRange count, Set<String> unsupported, Map<String, JsonObject> parameters) {
        return new ServerLimits(Instant.EPOCH, 300, width, null, count, null, unsupported, parameters);
    }

    private void read(String model, ServerLimits limits) {
        answer = Future.succeededFuture(Optional.of(limits));
        assertThat(capabilities.readLimits(model, TIMEOUT).succeeded()).isTrue();
    }

    @Test
    void declaredLimitsHoldWithoutAnAnswer() {
        // when
        answer = Future.failedFuture("unreachable");
        boolean read = capabilities.readLimits(null, TIMEOUT).succeeded();

        // then
        assertThat(read).isFalse();
        assertThat(capabilities.narrow(DECLARED, null)).isEqualTo(DECLARED);
        assertThat(capabilities.serverLimits()).isEmpty();
        assertThat(capabilities.parameters(null)).containsExactly(SCHEMA);
    }

    @Test
    void anAnswerNarrowsTheLimitsOfItsModel() {
        // when
        read(
                "flux",
                serverLimits(
                        NumberRange.between(256, 4096),
                        NumberRange.of(List.of(1L, 4L)),
                        Set.of(ServerLimits.SEED, ServerLimits.NEGATIVE_PROMPT),
                        Map.of()));

        // then
        RequestLimits limits = capabilities.narrow(DECLARED, "flux");
        assertThat(limits)
                .isEqualTo(new RequestLimits(
                        300,
                        NumberRange.between(256, 2048),
                        DECLARED.height(),
                        List.of(),
                        new NumberRange(1, 4, List.of(1L, 4L)),
                        null,
                        false));
        assertThat(capabilities.narrow(DECLARED, "other")).isEqualTo(DECLARED);
    }

    @Test
    void ignoresALimitThatLeavesNothing() {
        // given
        RequestLimits wide = DECLARED.narrow(new RequestLimits(
                400,
                DECLARED.width(),
                DECLARED.height(),
                List.of(new ImageSize(1024, 512)),
                DECLARED.count(),
                DECLARED.seed(),
                true));

        // when
        read(null, serverLimits(NumberRange.between(64, 512), NumberRange.between(0, 0), Set.of(), Map.of()));

        // then
        assertThat(capabilities.narrow(DECLARED, null).count()).isEqualTo(DECLARED.count());
        assertThat(capabilities.narrow(wide, null).width()).isEqualTo(DECLARED.width());
        assertThat(capabilities.narrow(wide, null).allowedSizes()).containsExactly(new ImageSize(1024, 512));
    }

    @Test
    void aFailureKeepsThePreviousAnswer() {
        // given
        read(null, serverLimits(null, NumberRange.between(1, 1), Set.of(), Map.of()));

        // when
        answer = Future.failedFuture("unreachable");
        capabilities.readLimits(null, TIMEOUT);

        // then
        assertThat(capabilities.narrow(DECLARED, null).count()).isEqualTo(NumberRange.between(1, 1));
    }

    @Test
    void parametersOfTheServerAreValidatedInAddition() {
        // when
        read(null, serverLimits(null, null, Set.of(), Map.of("steps", new JsonObject().put("maximum", 30))));

        // then
        assertThat(capabilities.parameters(null)).hasSize(2);
        assertThat(capabilities.parameters(null).get(1).validate(new JsonObject().put("steps", 31)))
                .hasSize(1);
        assertThat(capabilities.parameters(null).get(1).validate(new JsonObject().put("cfg", 7)))
                .isEmpty();
        assertThat(capabilities.acceptsParameters(new JsonObject().put("steps", 31)))
                .isTrue();
    }

    @Test
    void anUnusableAnswerIsAFailure() {
        // when
        answer = Future.succeededFuture(Optional.of(
                serverLimits(null, null, Set.of(), Map.of("steps", new JsonObject().put("maxLength", -1)))));
        boolean read = capabilities.readLimits(null, TIMEOUT).succeeded();

        // then
        assertThat(read).isFalse();
        assertThat(capabilities.serverLimits()).isEmpty();
    }
}
