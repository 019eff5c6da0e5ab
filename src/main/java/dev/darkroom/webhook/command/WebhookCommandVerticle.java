package dev.darkroom.webhook.command;

import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.eventbus.BusCommand;
import dev.darkroom.eventbus.CommandProtocol;
import dev.darkroom.eventbus.CommandReplies;
import dev.darkroom.eventbus.JsonCommandDispatcher;
import dev.darkroom.http.GuardedHttpClient;
import dev.darkroom.http.egress.EgressPolicy;
import dev.darkroom.http.egress.HostLookupException;
import dev.darkroom.http.egress.RejectedUrlException;
import dev.darkroom.webhook.DeliveryEnqueueStore;
import dev.darkroom.webhook.WebhookBus;
import dev.darkroom.webhook.command.WebhookStore.WebhookSpec;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonObject;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Handles the commands on {@link WebhookBus#COMMANDS}. Stateless; any number of instances may run. */
public final class WebhookCommandVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(WebhookCommandVerticle.class);

    private final WebhookStore store;
    private final DeliveryCommandService deliveryCommands;
    private final EgressPolicy egressPolicy;
    private final WebhookTestSender testSender;

    /**
     * @param enqueueStore enqueues redeliveries
     * @param egressPolicy checks webhook URLs before they are stored
     * @param guardedHttpClient client used for test events only
     */
    public WebhookCommandVerticle(
            Database database,
            DeliveryEnqueueStore enqueueStore,
            EgressPolicy egressPolicy,
            GuardedHttpClient guardedHttpClient,
            Settings.Webhooks settings) {
        this.store = new WebhookStore(database, settings);
        this.deliveryCommands = new DeliveryCommandService(database, store, enqueueStore);
        this.egressPolicy = egressPolicy;
        this.testSender = new WebhookTestSender(guardedHttpClient);
    }

    @Override
    public Future<?> start() {
        return vertx.eventBus()
                .<JsonObject>consumer(WebhookBus.COMMANDS, new JsonCommandDispatcher(this::handleCommand)::dispatch)
                .completion();
    }

    private Future<JsonObject> handleCommand(BusCommand busCommand) {
        if (busCommand.user() == null) {
            return CommandReplies.invalidFuture("the body must be an object that names its user");
        }
        return switch (busCommand.action()) {
            case WebhookBus.CREATE -> create(busCommand);
            case WebhookBus.LIST -> list(busCommand);
            case WebhookBus.GET -> busCommand.withId(id -> webhookReply(store.find(id, busCommand.user())));
            case WebhookBus.UPDATE -> busCommand.withId(id -> update(busCommand, id));
            case WebhookBus.DELETE -> busCommand.withId(id -> delete(busCommand, id));
            case WebhookBus.TEST -> busCommand.withId(id -> test(busCommand, id));
            case WebhookBus.ROTATE_WEBHOOK_SECRET -> busCommand.withId(id -> rotateSecret(busCommand, id));
            case WebhookBus.ENABLE -> busCommand.withId(id -> webhookReply(store.enable(id, busCommand.user())));
            case WebhookBus.DISABLE -> busCommand.withId(id -> webhookReply(store.disable(id, busCommand.user())));
            case WebhookBus.LIST_DELIVERIES -> busCommand.withId(id -> deliveryCommands.list(busCommand, id));
            case WebhookBus.REDELIVER -> busCommand.withId(id -> deliveryCommands.redeliver(busCommand, id));
            case WebhookBus.REDELIVER_RANGE -> busCommand.withId(id -> deliveryCommands.redeliverRange(busCommand, id));
            case WebhookBus.GET_USER_SECRET -> store.findOrCreateUserSecret(busCommand.user());
            case WebhookBus.ROTATE_USER_SECRET -> store.rotateUserSecret(busCommand.user());
            default ->
                CommandReplies.invalidFuture("the header action must be one of those listed in docs/event-bus.md");
        };
    }

    private Future<JsonObject> list(BusCommand busCommand) {
        Integer limit = DeliveryCommandService.parseLimit(busCommand);
        if (limit == null) {
            return DeliveryCommandService.invalidLimit();
        }
        UUID cursor = DeliveryCommandService.parseUuid(busCommand.optionalText("cursor"));
        if (cursor == null && busCommand.body().containsKey("cursor")) {
            return DeliveryCommandService.invalidCursor();
        }
        return store.list(busCommand.user(), limit, cursor);
    }

    private Future<JsonObject> create(BusCommand busCommand) {
        if (!(busCommand.body().getValue("webhook") instanceof JsonObject json)) {
            return CommandReplies.invalidFuture("webhook must be an object");
        }
        return withValidSpec(
                json,
                true,
                webhookSpec -> store.create(busCommand.user(), webhookSpec).map(created -> {
                    if (created.isEmpty()) {
                        return CommandReplies.conflict(
                                "the user has reached the maximum number of webhooks. Delete one first");
                    }
                    logChange(
                            "webhook created",
                            busCommand,
                            UUID.fromString(created.get().getString("id")));
                    return new JsonObject().put("webhook", created.get());
                }));
    }

    private Future<JsonObject> update(BusCommand busCommand, UUID id) {
        if (!(busCommand.body().getValue("changes") instanceof JsonObject json)) {
            return CommandReplies.invalidFuture("changes must be an object");
        }
        // Check ownership before validating: an invalid update must not reveal the webhook of another user.
        return store.find(id, busCommand.user())
                .compose(found -> found.isEmpty()
                        ? DeliveryCommandService.webhookNotFound()
                        : withValidSpec(
                                json,
                                false,
                                webhookSpec -> webhookReply(store.update(id, busCommand.user(), webhookSpec))))
                .onSuccess(reply -> {
                    if (reply.containsKey("webhook")) {
                        logChange("webhook updated", busCommand, id);
                    }
                });
    }

    private Future<JsonObject> withValidSpec(
            JsonObject json, boolean urlRequired, Function<WebhookSpec, Future<JsonObject>> action) {
        WebhookSpecParser parser = new WebhookSpecParser(json);
        WebhookSpec webhookSpec = parser.parse(urlRequired);
        if (!parser.errors().isEmpty()) {
            return Future.succeededFuture(CommandReplies.invalid("the webhook is not valid", parser.errors()));
        }
        if (webhookSpec.url() == null) {
            return action.apply(webhookSpec);
        }
        return egressPolicy.check(webhookSpec.url()).transform(checked -> {
            if (checked.cause() instanceof RejectedUrlException rejected) {
                return DeliveryCommandService.invalid("#/url", rejected.getMessage());
            }
            if (checked.cause() instanceof HostLookupException lookupFailure) {
                return Future.succeededFuture(
                        CommandReplies.error(CommandProtocol.UNAVAILABLE, lookupFailure.getMessage()));
            }
            return checked.failed() ? Future.failedFuture(checked.cause()) : action.apply(webhookSpec);
        });
    }

    private Future<JsonObject> delete(BusCommand busCommand, UUID id) {
        return store.delete(id, busCommand.user()).map(deleted -> {
            if (!deleted) {
                return CommandReplies.notFound("webhook");
            }
            logChange("webhook deleted", busCommand, id);
            return new JsonObject();
        });
    }

    private Future<JsonObject> test(BusCommand busCommand, UUID id) {
        return store.findTestTarget(id, busCommand.user())
                .compose(target -> target.isEmpty()
                        ? DeliveryCommandService.webhookNotFound()
                        : testSender
                                .sendTest(id, target.get())
                                .map(outcome -> new JsonObject().put("outcome", outcome)));
    }

    private Future<JsonObject> rotateSecret(BusCommand busCommand, UUID id) {
        return store.rotateWebhookSecret(id, busCommand.user()).map(secret -> {
            secret.ifPresent(rotated -> logChange("webhook secret rotated", busCommand, id));
            return secret.orElseGet(() -> CommandReplies.notFound("webhook"));
        });
    }

    private static Future<JsonObject> webhookReply(Future<Optional<JsonObject>> webhook) {
        return webhook.map(found -> found.map(json -> new JsonObject().put("webhook", json))
                .orElseGet(() -> CommandReplies.notFound("webhook")));
    }

    private static void logChange(String message, BusCommand busCommand, UUID id) {
        LOG.atInfo()
                .addKeyValue("webhook", id)
                .addKeyValue("requestId", busCommand.requestId())
                .log(message);
    }
}
