package dev.darkroom.generation.command;

import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.generation.GenerationCommand.GetAllUsage;
import dev.darkroom.generation.GenerationCommand.GetUsage;
import dev.darkroom.generation.UsageReport;
import dev.darkroom.usage.UsageStore;
import io.vertx.core.Future;
import java.time.temporal.ChronoUnit;

/**
 * Commands that read usage.
 *
 * @param currency of the costs
 */
record UsageQueries(UsageStore store, String currency) {

    Future<CommandReply<UsageReport>> get(GetUsage command) {
        String user = command.requester().user();
        return store.readUser(user, command.filter().from(), command.filter().to())
                .map(period -> toReply(user, period));
    }

    Future<CommandReply<UsageReport>> getAll(GetAllUsage command) {
        String user = command.requester().user();
        return (command.ofUser() == null
                        ? store.readAll(
                                command.filter().from(), command.filter().to())
                        : store.readUser(
                                command.ofUser(),
                                command.filter().from(),
                                command.filter().to()))
                .map(period -> toReply(user, period));
    }

    private CommandReply<UsageReport> toReply(String user, UsageStore.Period period) {
        if (ChronoUnit.DAYS.between(period.first(), period.last()) >= UsageStore.MAX_DAYS) {
            return CommandReply.invalidField(
                    "from", "must be at most " + (UsageStore.MAX_DAYS - 1) + " days before to");
        }
        if (period.first().isAfter(period.last())) {
            return CommandReply.invalidField("from", "must not be after to");
        }
        return period.complete()
                ? CommandReply.completed(new UsageReport(user, currency, period.first(), period.last(), period.items()))
                : CommandReply.invalidField(
                        "from", "the period has more than " + UsageStore.MAX_ITEMS + " items, choose a shorter one");
    }
}
