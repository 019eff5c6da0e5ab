package dev.darkroom.api.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.transport.RequestIdHandler;
import dev.darkroom.auth.ImageUrlSigner;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.auth.UrlSigningKeys;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseMigrator;
import dev.darkroom.eventbus.CommandCodec;
import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.generation.GenerationResult.GenerationPage;
import dev.darkroom.generation.TestGenerations;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("database")
class ListGenerationsHandlerTest {
    private final Vertx vertx = Vertx.vertx();
    private final Database database = openDatabase();
    private final Promise<Throwable> failure = Promise.promise();

    private Database openDatabase() {
        DatabaseUrl url = TestPostgres.newDatabase();
        Settings.Database settings = SettingsLoader.load(
                        DarkroomInstanceSettings.forTests().database(url).environment(), Path.of("/nowhere/at/all"))
                .settings()
                .database();
        DatabaseMigrator.migrate(url, settings);
        return Database.open(vertx, url, settings);
    }

    @AfterEach
    void close() throws Exception {
        database.close().await(60, TimeUnit.SECONDS);
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    /** A context with a request id and without a span. */
    private OperationContext operationContext() {
        RoutingContext routingContext = (RoutingContext) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {RoutingContext.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("fail")) {
                        failure.complete((Throwable) arguments[0]);
                    }
                    return method.getName().equals("get") && arguments[0].equals(RequestIdHandler.class.getName())
                            ? "request-1"
                            : null;
                });
        return new OperationContext(routingContext, new Principal("ann", Role.USER), new JsonObject(), null, null);
    }

    @Test
    void failsRequestWhenPageCannotBeEncoded() throws Exception {
        // given
        IllegalStateException noUrl = new IllegalStateException("no public URL");
        GenerationPresenter presenter = new GenerationPresenter(
                () -> {
                    throw noUrl;
                },
                InstantSource.system());
        ImageUrlSigner signer = new ImageUrlSigner(
                new UrlSigningKeys(vertx, database, InstantSource.system(), System::nanoTime),
                Duration.ofHours(1),
                InstantSource.system());
        GenerationClient generations = new GenerationClient(vertx, Duration.ofSeconds(60));
        GenerationPage page = new GenerationPage(
                "ann", List.of(TestGenerations.complete(TestGenerations.image(TestGenerations.ID, "image/png"))), null);
        vertx.eventBus()
                .localConsumer(
                        GenerationBus.TYPED_COMMANDS,
                        command -> command.reply(
                                CommandReply.completed(page), new DeliveryOptions().setCodecName(CommandCodec.NAME)));

        // when
        new ListGenerationsHandler(generations, presenter, new GenerationResponder(presenter, signer))
                .handle(operationContext());

        // then
        assertThat(failure.future().await(60, TimeUnit.SECONDS)).isSameAs(noUrl);
    }
}
