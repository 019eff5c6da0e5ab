package dev.darkroom.api.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.darkroom.api.ApiVerticle;
import dev.darkroom.api.body.RequestBodyLimits;
import dev.darkroom.api.generation.FinishedGenerationCache;
import dev.darkroom.api.management.ManagementVerticle;
import dev.darkroom.api.security.HostAndOriginPolicy;
import dev.darkroom.auth.AuthServices;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.generation.watch.ProgressSubscribers;
import dev.darkroom.telemetry.ProcessMetrics;
import io.vertx.core.Deployable;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each operation of the contract has one handler, and each handler an operation. */
class ContractRouterFactoryTest {
    private final Vertx vertx = Vertx.vertx();

    @AfterEach
    void close() throws Exception {
        await(vertx.close());
    }

    @Test
    void startsWithOneHandlerPerOperation(@TempDir Path directory) throws Exception {
        // given
        Settings settings = settings(directory);
        ContractLoader.Contracts contracts = await(ContractLoader.load(vertx));
        Deployable api = new ApiVerticle(
                settings,
                new ApiVerticle.SharedServices(
                        UUID.randomUUID(),
                        contracts.api(),
                        List.of(),
                        null,
                        null,
                        AuthServices.withoutAuthentication(),
                        new FinishedGenerationCache(Ticker.systemTicker()),
                        null,
                        new ProgressSubscribers(),
                        null,
                        null));
        Deployable management = new ManagementVerticle(
                settings.management(),
                contracts.management(),
                Map.of(),
                JsonArray::new,
                JsonObject::new,
                JsonObject::new,
                new ProcessMetrics("0"));

        // then
        assertThat(await(vertx.deployVerticle(api))).isNotBlank();
        assertThat(await(vertx.deployVerticle(management))).isNotBlank();
    }

    @Test
    void rejectsOperationWithoutHandler() throws Exception {
        // given
        ApiContract apiContract = await(ContractLoader.load(vertx)).api();
        List<OperationHandler> handlers = new ArrayList<>(handlers(apiContract.operationIds()));
        handlers.removeIf(handler -> handler.operationId().equals("getImage"));

        // then
        assertThatThrownBy(() -> createFactory(apiContract, handlers))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("no handler for [getImage]");
    }

    @Test
    void rejectsHandlerWithoutOperation() throws Exception {
        // given
        ApiContract apiContract = await(ContractLoader.load(vertx)).api();
        List<OperationHandler> handlers = new ArrayList<>(handlers(apiContract.operationIds()));
        handlers.addAll(handlers(List.of("paintGeneration")));

        // then
        assertThatThrownBy(() -> createFactory(apiContract, handlers))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the contract has no operation paintGeneration");
    }

    private ContractRouterFactory createFactory(ApiContract apiContract, List<OperationHandler> handlers) {
        return new ContractRouterFactory(
                vertx,
                apiContract,
                handlers,
                AuthServices.withoutAuthentication(),
                HostAndOriginPolicy.unrestricted(List.of()),
                new RequestBodyLimits(1, Duration.ofSeconds(1)));
    }

    private static Settings settings(Path directory) {
        return SettingsLoader.load(Map.of("DARKROOM_HTTP_PORT", "0", "DARKROOM_MANAGEMENT_PORT", "0"), directory)
                .settings();
    }

    private static List<OperationHandler> handlers(List<String> operationIds) {
        return operationIds.stream()
                .map(StubHandler::new)
                .map(OperationHandler.class::cast)
                .toList();
    }

    private record StubHandler(String operationId) implements OperationHandler {
        @Override
        public void handle(OperationContext operationContext) {
            operationContext.response().end();
        }
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
}
