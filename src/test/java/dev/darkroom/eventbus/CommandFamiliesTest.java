package dev.darkroom.eventbus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.maintenance.ErasureCommand;
import dev.darkroom.maintenance.ErasureCommandSamples;
import dev.darkroom.notification.NotificationCommand;
import dev.darkroom.notification.NotificationCommandSamples;
import dev.darkroom.notification.NotificationResult;
import dev.darkroom.webhook.command.WebhookCommand;
import dev.darkroom.webhook.command.WebhookCommandSamples;
import dev.darkroom.webhook.command.WebhookResult;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Sends each command and each result through one codec. A type without a sample fails. */
class CommandFamiliesTest {

    /** @param type sealed interface of commands or results, or a single type */
    record Family(Class<?> type, List<?> samples) {
        @Override
        public String toString() {
            return type.getSimpleName();
        }
    }

    private static final List<Family> COMMANDS = List.of(
            new Family(ErasureCommand.class, ErasureCommandSamples.commands()),
            new Family(NotificationCommand.class, NotificationCommandSamples.commands()),
            new Family(WebhookCommand.class, WebhookCommandSamples.commands()));

    private static final List<Family> RESULTS = List.of(
            new Family(ErasureCommand.ErasureProgress.class, ErasureCommandSamples.results()),
            new Family(NotificationResult.class, NotificationCommandSamples.results()),
            new Family(WebhookResult.class, WebhookCommandSamples.results()));

    private final CommandCodec codec = new CommandCodec(Stream.concat(COMMANDS.stream(), RESULTS.stream())
            .<Class<?>>map(Family::type)
            .toList());

    static List<Family> commands() {
        return COMMANDS;
    }

    static List<Family> results() {
        return RESULTS;
    }

    static Stream<Family> families() {
        return Stream.concat(COMMANDS.stream(), RESULTS.stream());
    }

    private Object sendAcross(Object message) {
        Buffer buffer = Buffer.buffer();
        codec.encodeToWire(buffer, message);
        return codec.decodeFromWire(0, buffer);
    }

    private static Stream<Class<?>> concreteTypes(Class<?> type) {
        return type.isSealed()
                ? Stream.of(type.getPermittedSubclasses()).flatMap(CommandFamiliesTest::concreteTypes)
                : Stream.of(type);
    }

    @ParameterizedTest
    @MethodSource("families")
    void hasSampleOfEachType(Family family) {
        assertThat(family.samples())
                .<Class<?>>extracting(Object::getClass)
                .containsAll(concreteTypes(family.type()).toList());
    }

    @ParameterizedTest
    @MethodSource("commands")
    void decodesEachCommand(Family family) {
        family.samples().forEach(command -> assertThat(sendAcross(command)).isEqualTo(command));
    }

    @ParameterizedTest
    @MethodSource("results")
    void decodesEachResult(Family family) {
        family.samples()
                .forEach(result -> assertThat(sendAcross(CommandReply.completed(result)))
                        .isEqualTo(CommandReply.completed(result)));
    }

    @Test
    void doesNotShowSecretsInText() {
        assertThat(WebhookCommandSamples.results().toString()).doesNotContain("whsec_");
    }
}
