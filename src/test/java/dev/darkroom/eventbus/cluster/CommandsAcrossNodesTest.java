package dev.darkroom.eventbus.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.Settings;
import dev.darkroom.eventbus.CommandCodec;
import dev.darkroom.eventbus.CommandFamilies;
import dev.darkroom.eventbus.CommandFamilies.Family;
import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.eventbus.FieldError;
import dev.darkroom.eventbus.RejectionReason;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.generation.GenerationSamples;
import dev.darkroom.testing.FreePort;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.MessageConsumer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Commands and results reach another process unchanged. */
@Timeout(240)
class CommandsAcrossNodesTest {
    private final Vertx apiNode = Vertx.vertx();
    private final Vertx generationNode = Vertx.vertx();
    private final AtomicReference<Object> received = new AtomicReference<>();
    private final AtomicReference<CommandReply<?>> reply = new AtomicReference<>(
            CommandReply.completed(GenerationSamples.results().get(0)));

    @BeforeEach
    void registerHandler() throws Exception {
        CommandCodec.register(apiNode.eventBus());
        CommandCodec.register(generationNode.eventBus());
        registerHandler(generationNode.eventBus().localConsumer(GenerationBus.TYPED_COMMANDS));
    }

    private void registerHandler(MessageConsumer<Object> consumer) throws Exception {
        consumer.handler(command -> {
                    received.set(command.body());
                    command.reply(reply.get(), new DeliveryOptions().setCodecName(CommandCodec.NAME));
                })
                .completion()
                .await(60, TimeUnit.SECONDS);
    }

    @AfterEach
    void close() throws Exception {
        apiNode.close().await(60, TimeUnit.SECONDS);
        generationNode.close().await(60, TimeUnit.SECONDS);
    }

    private static Settings.Cluster settings(int port, Integer... members) {
        List<String> addresses =
                Stream.of(members).map(member -> "127.0.0.1:" + member).toList();
        return new Settings.Cluster(true, "127.0.0.1", port, 0, addresses, null, "darkroom");
    }

    private static void join(Vertx vertx, boolean handlesCommands, Settings.Cluster settings) throws Exception {
        vertx.deployVerticle(new ClusterVerticle(settings, List.of(), handlesCommands, Duration.ofSeconds(60)))
                .await(60, TimeUnit.SECONDS);
    }

    private Object send(Object command) throws Exception {
        return send(apiNode, command);
    }

    private static Object send(Vertx vertx, Object command) throws Exception {
        return vertx.eventBus()
                .request(GenerationBus.TYPED_COMMANDS, command, new DeliveryOptions().setCodecName(CommandCodec.NAME))
                .await(60, TimeUnit.SECONDS)
                .body();
    }

    @Test
    void processWithoutGenerationVerticlesSendsItsCommandsToOneThatHasThem() throws Exception {
        // given
        int port = FreePort.find();
        join(generationNode, true, settings(port));
        join(apiNode, false, settings(FreePort.find(), port));
        for (Object command : GenerationSamples.commands()) {
            // when
            send(command);

            // then
            assertThat(received.get()).isEqualTo(command).isNotSameAs(command);
        }
        Object command = GenerationSamples.commands().get(0);
        for (Object result : GenerationSamples.results()) {
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
    void codecCarriesTheCommandsAndResultsOfAllFamilies() throws Exception {
        // given
        int port = FreePort.find();
        ClusterMembership handler = ClusterMembership.join(settings(port)).await(60, TimeUnit.SECONDS);
        ClusterMembership sender =
                ClusterMembership.join(settings(FreePort.find(), port)).await(60, TimeUnit.SECONDS);
        try {
            CommandCodec.register(handler.vertx().eventBus(), CommandFamilies.types());
            CommandCodec.register(sender.vertx().eventBus(), CommandFamilies.types());
            registerHandler(handler.vertx().eventBus().consumer(GenerationBus.TYPED_COMMANDS));
            for (Family family : CommandFamilies.COMMANDS) {
                for (Object command : family.samples()) {
                    // when
                    send(sender.vertx(), command);

                    // then
                    assertThat(received.get()).isEqualTo(command).isNotSameAs(command);
                }
            }
            Object command = GenerationSamples.commands().get(0);
            for (Family family : CommandFamilies.RESULTS) {
                for (Object result : family.samples()) {
                    reply.set(CommandReply.completed(result));

                    // then
                    assertThat(send(sender.vertx(), command)).isEqualTo(reply.get());
                }
            }
        } finally {
            sender.leave().await(60, TimeUnit.SECONDS);
            handler.leave().await(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void rejectsCommandsWhenNoMemberHandlesThem() throws Exception {
        // given
        join(apiNode, false, settings(FreePort.find()));

        // then
        assertThat(send(GenerationSamples.commands().get(0)))
                .isEqualTo(CommandReply.rejected(RejectionReason.UNAVAILABLE, "no generation verticle replied"));
    }
}
