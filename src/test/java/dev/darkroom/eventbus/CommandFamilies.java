package dev.darkroom.eventbus;

import dev.darkroom.fleet.FleetCommand;
import dev.darkroom.fleet.FleetCommandSamples;
import dev.darkroom.fleet.FleetResult;
import dev.darkroom.generation.GenerationCommand;
import dev.darkroom.generation.GenerationResult;
import dev.darkroom.generation.GenerationSamples;
import dev.darkroom.maintenance.ErasureCommand;
import dev.darkroom.maintenance.ErasureCommandSamples;
import dev.darkroom.notification.NotificationCommand;
import dev.darkroom.notification.NotificationCommandSamples;
import dev.darkroom.notification.NotificationResult;
import dev.darkroom.webhook.command.WebhookCommand;
import dev.darkroom.webhook.command.WebhookCommandSamples;
import dev.darkroom.webhook.command.WebhookResult;
import java.util.List;
import java.util.stream.Stream;

/** Families of commands and results, with samples of each type. */
public final class CommandFamilies {
    /** @param type sealed interface of commands or results, or a single type */
    public record Family(Class<?> type, List<?> samples) {
        @Override
        public String toString() {
            return type.getSimpleName();
        }
    }

    public static final List<Family> COMMANDS = List.of(
            new Family(ErasureCommand.class, ErasureCommandSamples.commands()),
            new Family(FleetCommand.class, FleetCommandSamples.commands()),
            new Family(GenerationCommand.class, GenerationSamples.commands()),
            new Family(NotificationCommand.class, NotificationCommandSamples.commands()),
            new Family(WebhookCommand.class, WebhookCommandSamples.commands()));

    public static final List<Family> RESULTS = List.of(
            new Family(ErasureCommand.ErasureProgress.class, ErasureCommandSamples.results()),
            new Family(FleetResult.class, FleetCommandSamples.results()),
            new Family(GenerationResult.class, GenerationSamples.results()),
            new Family(NotificationResult.class, NotificationCommandSamples.results()),
            new Family(WebhookResult.class, WebhookCommandSamples.results()));

    private CommandFamilies() {}

    static Stream<Family> all() {
        return Stream.concat(COMMANDS.stream(), RESULTS.stream());
    }

    /** Returns the types for the codec of a process that exchanges all of them. */
    public static List<Class<?>> types() {
        return all().<Class<?>>map(Family::type).toList();
    }
}
