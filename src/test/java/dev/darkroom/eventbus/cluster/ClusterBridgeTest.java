package dev.darkroom.eventbus.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.darkroom.eventbus.CommandCodec;
import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.eventbus.RejectionReason;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.generation.GenerationSamples;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Commands that the bridge cannot forward. A second local bus stands in for the cluster. */
class ClusterBridgeTest {
    private static final CommandReply<?> UNAVAILABLE =
            CommandReply.rejected(RejectionReason.UNAVAILABLE, "no generation verticle replied");

    private final Vertx local = Vertx.vertx();
    private final Vertx cluster = Vertx.vertx();
    private final ClusterBridge bridge = new ClusterBridge(local, "node", Duration.ofSeconds(60));
    private final Logger logger = (Logger) LoggerFactory.getLogger(ClusterBridge.class);
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    @BeforeEach
    void attachAppender() throws Exception {
        log.start();
        logger.addAppender(log);
        bridge.registerConsumers(cluster, List.of(), true).await(60, TimeUnit.SECONDS);
    }

    @AfterEach
    void close() throws Exception {
        logger.detachAppender(log);
        local.close().await(60, TimeUnit.SECONDS);
        cluster.close().await(60, TimeUnit.SECONDS);
    }

    private static Object send(Vertx vertx, Object command) throws Exception {
        return vertx.eventBus()
                .request(GenerationBus.TYPED_COMMANDS, command, new DeliveryOptions().setCodecName(CommandCodec.NAME))
                .await(60, TimeUnit.SECONDS)
                .body();
    }

    private void replyLocally(Object reply) {
        local.eventBus()
                .localConsumer(
                        GenerationBus.TYPED_COMMANDS,
                        command -> command.reply(reply, new DeliveryOptions().setCodecName(CommandCodec.NAME)));
    }

    private List<String> loggedReasons() {
        return log.list.stream()
                .flatMap(line -> line.getKeyValuePairs().stream())
                .filter(pair -> pair.key.equals("reason"))
                .map(pair -> String.valueOf(pair.value))
                .toList();
    }

    @Test
    void rejectsCommandOfAnotherVersionAsUnavailable() throws Exception {
        // given
        replyLocally(CommandReply.rejected(RejectionReason.INVALID, "the command is unknown"));

        // when
        Object reply = send(cluster, "a command of another version");

        // then
        assertThat(reply).isEqualTo(UNAVAILABLE);
        assertThat(loggedReasons()).containsExactly("a process of another version sent the message");
    }

    @Test
    void logsReplyOfAnotherVersion() throws Exception {
        // given
        replyLocally("a reply of another version");

        // when
        Object reply = send(cluster, GenerationSamples.commands().get(0));

        // then
        assertThat(reply).isEqualTo(UNAVAILABLE);
        assertThat(loggedReasons()).containsExactly("a process of another version sent the message");
    }

    @Test
    void logsCommandOutsideTheCluster() throws Exception {
        // given
        local.eventBus()
                .localConsumer(GenerationBus.TYPED_COMMANDS, command -> bridge.forwardTypedCommand(command, null));

        // when
        Object reply = send(local, GenerationSamples.commands().get(0));

        // then
        assertThat(reply).isEqualTo(UNAVAILABLE);
        assertThat(loggedReasons()).containsExactly("not in the cluster");
    }
}
