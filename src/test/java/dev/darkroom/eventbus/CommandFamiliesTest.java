package dev.darkroom.eventbus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.eventbus.CommandFamilies.Family;
import dev.darkroom.webhook.command.WebhookCommandSamples;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Sends each command and each result through one codec. A type without a sample fails. */
class CommandFamiliesTest {

    private final CommandCodec codec = new CommandCodec(CommandFamilies.types());

    static List<Family> commands() {
        return CommandFamilies.COMMANDS;
    }

    static List<Family> results() {
        return CommandFamilies.RESULTS;
    }

    static Stream<Family> families() {
        return CommandFamilies.all();
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
