package dev.darkroom.eventbus.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.Settings;
import dev.darkroom.eventbus.CommandCodec;
import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.eventbus.FieldError;
import dev.darkroom.eventbus.RejectionReason;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.generation.GenerationCommand;
import dev.darkroom.generation.GenerationResult;
import dev.darkroom.generation.GenerationSamples;
import dev.darkroom.testing.ClusterClient;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.DeliveryOptions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Commands and results reach another process unchanged. */
@Timeout(240)
class CommandsAcrossNodesTest {
    /** Samples of each type of each family of commands or results. */
    private static final Map<Class<?>, List<?>> SAMPLES = Map.of(
            GenerationCommand.class, GenerationSamples.commands(),
            GenerationResult.class, GenerationSamples.results());

    private final Vertx apiNode = Vertx.vertx();
    private final Vertx generationNode = Vertx.vertx();
    private final AtomicReference<Object> received = new AtomicReference<>();
    private final AtomicReference<CommandReply<?>> reply = new AtomicReference<>();

    @BeforeEach
    void registerHandler() {
        CommandCodec.register(apiNode.eventBus());
        CommandCodec.register(generationNode.eventBus());
        generationNode.eventBus().localConsumer(GenerationBus.TYPED_COMMANDS, command -> {
            received.set(command.body());
            command.reply(reply.get(), new DeliveryOptions().setCodecName(CommandCodec.NAME));
        });
    }

    @AfterEach
    void close() throws Exception {
        apiNode.close().await(60, TimeUnit.SECONDS);
        generationNode.close().await(60, TimeUnit.SECONDS);
    }

    static Stream<Class<?>> families() {
        return SAMPLES.keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("families")
    void everyTypeHasASample(Class<?> family) {
        Set<Class<?>> sampled =
                SAMPLES.get(family).stream().map(Object::getClass).collect(Collectors.toSet());

        assertThat(sampled).containsExactlyInAnyOrderElementsOf(typesOf(family).toList());
    }

    private static Stream<Class<?>> typesOf(Class<?> type) {
        return type.isSealed()
                ? Stream.of(type.getPermittedSubclasses()).flatMap(CommandsAcrossNodesTest::typesOf)
                : Stream.of(type);
    }

    @ParameterizedTest
    @MethodSource("families")
    void codecDecodesEachSampleUnchanged(Class<?> family) {
        CommandCodec codec = new CommandCodec(List.of(family));
        for (Object sample : SAMPLES.get(family)) {
            Buffer wire = Buffer.buffer();
            codec.encodeToWire(wire, sample);
            assertThat(codec.decodeFromWire(0, wire)).isEqualTo(sample);
        }
    }

    private static void join(Vertx vertx, boolean handlesCommands, int port, Integer... members) throws Exception {
        List<String> addresses =
                Stream.of(members).map(member -> "127.0.0.1:" + member).toList();
        Settings.Cluster settings = new Settings.Cluster(true, "127.0.0.1", port, 0, addresses, null, "darkroom");
        vertx.deployVerticle(new ClusterVerticle(settings, List.of(), handlesCommands, Duration.ofSeconds(60)))
                .await(60, TimeUnit.SECONDS);
    }

    private Object send(Object command) throws Exception {
        return apiNode.eventBus()
                .request(GenerationBus.TYPED_COMMANDS, command, new DeliveryOptions().setCodecName(CommandCodec.NAME))
                .await(60, TimeUnit.SECONDS)
                .body();
    }

    @Test
    void processWithoutGenerationVerticlesSendsItsCommandsToOneThatHasThem() throws Exception {
        // given
        int port = ClusterClient.freePort();
        join(generationNode, true, port);
        join(apiNode, false, ClusterClient.freePort(), port);
        for (Object command : SAMPLES.get(GenerationCommand.class)) {
            reply.set(CommandReply.completed(SAMPLES.get(GenerationResult.class).get(0)));

            // when
            send(command);

            // then
            assertThat(received.get()).isEqualTo(command).isNotSameAs(command);
        }
        Object command = SAMPLES.get(GenerationCommand.class).get(0);
        for (Object result : SAMPLES.get(GenerationResult.class)) {
            reply.set(CommandReply.completed(result));

            // then
            assertThat(send(command)).isEqualTo(reply.get()).isNotSameAs(reply.get());
        }
        reply.set(new CommandReply.Rejected<>(
                RejectionReason.OVERLOADED,
                "the queue is full",
                List.of(new FieldError("#/prompt", "is required")),
                Duration.ofSeconds(30)));
        assertThat(send(command)).isEqualTo(reply.get());
    }

    @Test
    void rejectsCommandsWhenNoMemberHandlesThem() throws Exception {
        // given
        join(apiNode, false, ClusterClient.freePort());

        // then
        assertThat(send(SAMPLES.get(GenerationCommand.class).get(0)))
                .isEqualTo(CommandReply.rejected(RejectionReason.UNAVAILABLE, "no generation verticle replied"));
    }
}
