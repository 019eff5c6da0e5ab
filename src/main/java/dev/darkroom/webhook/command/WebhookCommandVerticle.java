package dev.darkroom.webhook.command;

import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.eventbus.CommandContext;
import dev.darkroom.eventbus.CommandDispatcher;
import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.eventbus.RejectionReason;
import dev.darkroom.http.GuardedHttpClient;
import dev.darkroom.http.RetryAfterParser;
import dev.darkroom.http.egress.EgressPolicy;
import dev.darkroom.http.egress.HostLookupException;
import dev.darkroom.http.egress.RejectedUrlException;
import dev.darkroom.webhook.DeliveryEnqueueStore;
import dev.darkroom.webhook.WebhookBus;
import dev.darkroom.webhook.command.WebhookCommand.CreateWebhook;
import dev.darkroom.webhook.command.WebhookCommand.DeleteWebhook;
import dev.darkroom.webhook.command.WebhookCommand.DisableWebhook;
import dev.darkroom.webhook.command.WebhookCommand.EnableWebhook;
import dev.darkroom.webhook.command.WebhookCommand.GetUserSecret;
import dev.darkroom.webhook.command.WebhookCommand.GetWebhook;
import dev.darkroom.webhook.command.WebhookCommand.ListDeliveries;
import dev.darkroom.webhook.command.WebhookCommand.ListWebhooks;
import dev.darkroom.webhook.command.WebhookCommand.RedeliverDelivery;
import dev.darkroom.webhook.command.WebhookCommand.RedeliverRange;
import dev.darkroom.webhook.command.WebhookCommand.RotateUserSecret;
import dev.darkroom.webhook.command.WebhookCommand.RotateWebhookSecret;
import dev.darkroom.webhook.command.WebhookCommand.TestWebhook;
import dev.darkroom.webhook.command.WebhookCommand.UpdateWebhook;
import dev.darkroom.webhook.command.WebhookResult.CreatedWebhook;
import dev.darkroom.webhook.command.WebhookResult.DeletedWebhook;
import dev.darkroom.webhook.command.WebhookResult.SigningSecret;
import dev.darkroom.webhook.command.WebhookResult.TestOutcome;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Clock;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
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
        this.deliveryCommands =
                new DeliveryCommandService(database, store, new DeliveryHistoryStore(database), enqueueStore);
        this.egressPolicy = egressPolicy;
        this.testSender = new WebhookTestSender(guardedHttpClient, new RetryAfterParser(Clock.systemUTC()));
    }

    @Override
    public Future<?> start() {
        return new CommandDispatcher(WebhookCommand.class)
                .on(CreateWebhook.class, this::create)
                .on(ListWebhooks.class, reply(command -> store.list(command.user(), command.limit(), command.cursor())))
                .on(GetWebhook.class, replyIfFound(command -> store.find(command.id(), command.user())))
                .on(UpdateWebhook.class, this::update)
                .on(DeleteWebhook.class, this::delete)
                .on(TestWebhook.class, this::test)
                .on(RotateWebhookSecret.class, this::rotateSecret)
                .on(EnableWebhook.class, replyIfFound(command -> store.enable(command.id(), command.user())))
                .on(DisableWebhook.class, replyIfFound(command -> store.disable(command.id(), command.user())))
                .on(ListDeliveries.class, deliveryCommands::list)
                .on(RedeliverDelivery.class, deliveryCommands::redeliver)
                .on(RedeliverRange.class, deliveryCommands::redeliverRange)
                .on(GetUserSecret.class, reply(command -> store.findOrCreateUserSecret(command.user())))
                .on(RotateUserSecret.class, reply(command -> store.rotateUserSecret(command.user())))
                .register(vertx, WebhookBus.COMMANDS);
    }

    private static <R, C> Function<CommandContext<C>, Future<CommandReply<R>>> reply(Function<C, Future<R>> action) {
        return context -> action.apply(context.command()).map(CommandReply::completed);
    }

    private static <R, C> Function<CommandContext<C>, Future<CommandReply<R>>> replyIfFound(
            Function<C, Future<Optional<R>>> action) {
        return context -> action.apply(context.command()).map(WebhookCommandVerticle::replyIfFound);
    }

    private static <R> CommandReply<R> replyIfFound(Optional<R> found) {
        return found.map(CommandReply::completed).orElseGet(() -> CommandReply.notFound("webhook"));
    }

    private Future<CommandReply<CreatedWebhook>> create(CommandContext<CreateWebhook> context) {
        CreateWebhook command = context.command();
        return ifAllowed(
                command.webhookSpec().url(),
                () -> store.create(command.user(), command.webhookSpec()).map(created -> {
                    created.ifPresent(result -> logChange(
                            "webhook created", context, result.webhook().id()));
                    return created.map(CommandReply::completed)
                            .orElseGet(() -> CommandReply.conflict(
                                    "the user has reached the maximum number of webhooks. Delete one first"));
                }));
    }

    private Future<CommandReply<Webhook>> update(CommandContext<UpdateWebhook> context) {
        UpdateWebhook command = context.command();
        // Check ownership before validating: an invalid update must not reveal the webhook of another user.
        return store.find(command.id(), command.user())
                .compose(found -> found.isEmpty()
                        ? CommandReply.<Webhook>notFound("webhook").toFuture()
                        : ifAllowed(
                                command.webhookSpec().url(),
                                () -> store.update(command.id(), command.user(), command.webhookSpec())
                                        .map(updated -> {
                                            updated.ifPresent(
                                                    webhook -> logChange("webhook updated", context, webhook.id()));
                                            return replyIfFound(updated);
                                        })));
    }

    /**
     * Runs an action if the egress policy allows a URL.
     *
     * @param url null to allow
     */
    private <R> Future<CommandReply<R>> ifAllowed(String url, Supplier<Future<CommandReply<R>>> action) {
        if (url == null) {
            return action.get();
        }
        return egressPolicy.check(url).transform(checked -> {
            if (checked.cause() instanceof RejectedUrlException rejected) {
                return CommandReply.<R>invalidField("#/url", rejected.getMessage())
                        .toFuture();
            }
            if (checked.cause() instanceof HostLookupException lookupFailure) {
                return CommandReply.<R>rejected(RejectionReason.UNAVAILABLE, lookupFailure.getMessage())
                        .toFuture();
            }
            return checked.failed() ? Future.failedFuture(checked.cause()) : action.get();
        });
    }

    private Future<CommandReply<DeletedWebhook>> delete(CommandContext<DeleteWebhook> context) {
        UUID id = context.command().id();
        return store.delete(id, context.command().user()).map(deleted -> {
            if (!deleted) {
                return CommandReply.notFound("webhook");
            }
            logChange("webhook deleted", context, id);
            return CommandReply.completed(new DeletedWebhook(id));
        });
    }

    private Future<CommandReply<TestOutcome>> test(CommandContext<TestWebhook> context) {
        UUID id = context.command().id();
        return store.findTestTarget(id, context.command().user())
                .compose(target -> target.isEmpty()
                        ? CommandReply.<TestOutcome>notFound("webhook").toFuture()
                        : testSender.sendTest(id, target.get()).map(CommandReply::completed));
    }

    private Future<CommandReply<SigningSecret>> rotateSecret(CommandContext<RotateWebhookSecret> context) {
        UUID id = context.command().id();
        return store.rotateWebhookSecret(id, context.command().user()).map(secret -> {
            secret.ifPresent(rotated -> logChange("webhook secret rotated", context, id));
            return replyIfFound(secret);
        });
    }

    private static void logChange(String message, CommandContext<?> context, UUID id) {
        LOG.atInfo()
                .addKeyValue("webhook", id)
                .addKeyValue("requestId", context.requestId())
                .log(message);
    }
}
