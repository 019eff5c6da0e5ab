package dev.darkroom.webhook.command;

import dev.darkroom.database.Database;
import dev.darkroom.eventbus.CommandContext;
import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.webhook.DeliveryEnqueueStore;
import dev.darkroom.webhook.command.WebhookCommand.ListDeliveries;
import dev.darkroom.webhook.command.WebhookCommand.RedeliverDelivery;
import dev.darkroom.webhook.command.WebhookCommand.RedeliverRange;
import dev.darkroom.webhook.command.WebhookResult.DeliveryPage;
import dev.darkroom.webhook.command.WebhookResult.RedeliveryCount;
import io.vertx.core.Future;
import java.util.UUID;
import java.util.function.Supplier;

/** Handles the commands on the deliveries of a webhook. Stateless; usable from any event loop. */
record DeliveryCommandService(
        Database database, WebhookStore webhooks, DeliveryHistoryStore deliveries, DeliveryEnqueueStore enqueueStore) {

    Future<CommandReply<DeliveryPage>> list(CommandContext<ListDeliveries> context) {
        ListDeliveries command = context.command();
        return webhooks.find(command.id(), command.user())
                .compose(found -> found.isEmpty()
                        ? CommandReply.<DeliveryPage>notFound("webhook").toFuture()
                        : deliveries
                                .list(command.id(), command.status(), command.limit(), command.cursor())
                                .map(CommandReply::completed));
    }

    Future<CommandReply<Delivery>> redeliver(CommandContext<RedeliverDelivery> context) {
        RedeliverDelivery command = context.command();
        return ifEnabled(
                command.user(),
                command.id(),
                () -> deliveries
                        .find(command.id(), command.deliveryId())
                        .compose(found -> found.isEmpty()
                                ? Future.succeededFuture(found)
                                : enqueueStore
                                        .redeliver(database, command.id(), command.user(), command.deliveryId())
                                        // Ignore false: an attempt is running then.
                                        .compose(queued -> deliveries.find(command.id(), command.deliveryId())))
                        .map(found ->
                                found.map(CommandReply::completed).orElseGet(() -> CommandReply.notFound("delivery"))));
    }

    Future<CommandReply<RedeliveryCount>> redeliverRange(CommandContext<RedeliverRange> context) {
        RedeliverRange command = context.command();
        return ifEnabled(
                command.user(),
                command.id(),
                () -> enqueueStore
                        .redeliver(database, command.id(), command.user(), command.after(), command.before())
                        .map(queued -> CommandReply.completed(
                                new RedeliveryCount(queued, queued >= DeliveryEnqueueStore.MAX_REDELIVERIES))));
    }

    private <R> Future<CommandReply<R>> ifEnabled(String user, UUID id, Supplier<Future<CommandReply<R>>> action) {
        return webhooks.find(id, user).compose(found -> {
            if (found.isEmpty()) {
                return CommandReply.<R>notFound("webhook").toFuture();
            }
            return found.get().enabled()
                    ? action.get()
                    : CommandReply.<R>conflict("the webhook is disabled. Enable it first")
                            .toFuture();
        });
    }
}
