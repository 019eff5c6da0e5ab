package dev.darkroom.webhook;

import dev.darkroom.command.Command;
import dev.darkroom.command.CommandDesk;
import dev.darkroom.command.CommandNames;
import dev.darkroom.command.Reply;
import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.egress.Courier;
import dev.darkroom.egress.Egress;
import dev.darkroom.egress.LookupFailedException;
import dev.darkroom.egress.RefusedUrlException;
import dev.darkroom.webhook.WebhookStore.Wanted;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonObject;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers commands on {@link WebhookBus#COMMANDS}. Keeps no state, so that any number of instances may run. */
public final class WebhookVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(WebhookVerticle.class);

    private final WebhookStore store;
    private final DeliveryCommands deliveries;
    private final Egress egress;
    private final Tester tester;

    /**
     * @param queue where what is to be sent again goes
     * @param egress judges the URLs that are kept
     * @param courier for tests
     */
    public WebhookVerticle(
            Database database, EnqueueStore queue, Egress egress, Courier courier, Settings.Webhooks settings) {
        this.store = new WebhookStore(database, settings);
        this.deliveries = new DeliveryCommands(database, store, queue);
        this.egress = egress;
        this.tester = new Tester(courier);
    }

    @Override
    public Future<?> start() {
        return vertx.eventBus()
                .<JsonObject>consumer(WebhookBus.COMMANDS, new CommandDesk(this::answer)::take)
                .completion();
    }

    private Future<JsonObject> answer(Command command) {
        if (command.user() == null) {
            return Reply.refusal("the body must be an object that names its user");
        }
        return switch (command.action()) {
            case WebhookBus.CREATE -> create(command);
            case WebhookBus.LIST -> list(command);
            case WebhookBus.GET -> command.withId(id -> told(store.find(id, command.user())));
            case WebhookBus.CHANGE -> command.withId(id -> change(command, id));
            case WebhookBus.DELETE -> command.withId(id -> delete(command, id));
            case WebhookBus.TEST -> command.withId(id -> test(command, id));
            case WebhookBus.ROTATE -> command.withId(id -> rotate(command, id));
            case WebhookBus.ENABLE -> command.withId(id -> told(store.enable(id, command.user())));
            case WebhookBus.DISABLE -> command.withId(id -> told(store.disable(id, command.user())));
            case WebhookBus.DELIVERIES -> command.withId(id -> deliveries.list(command, id));
            case WebhookBus.REDELIVER -> command.withId(id -> deliveries.again(command, id));
            case WebhookBus.REDELIVER_RANGE -> command.withId(id -> deliveries.range(command, id));
            case WebhookBus.SECRET -> store.secret(command.user());
            case WebhookBus.ROTATE_SECRET -> store.rotateSecret(command.user());
            default -> Reply.refusal("the header action must be one of those that docs/event-bus.md names");
        };
    }

    private Future<JsonObject> list(Command command) {
        Integer limit = DeliveryCommands.limit(command);
        if (limit == null) {
            return DeliveryCommands.invalidLimit();
        }
        UUID cursor = DeliveryCommands.uuid(command.text("cursor"));
        if (cursor == null && command.body().containsKey("cursor")) {
            return DeliveryCommands.invalidCursor();
        }
        return store.list(command.user(), limit, cursor);
    }

    private Future<JsonObject> create(Command command) {
        if (!(command.body().getValue("webhook") instanceof JsonObject json)) {
            return Reply.refusal("webhook must be an object");
        }
        return judged(
                json,
                true,
                wanted -> store.create(command.user(), wanted).map(made -> {
                    if (made.isEmpty()) {
                        return Reply.conflict("there are as many webhooks as a user may have. Delete one first");
                    }
                    changed(
                            "webhook created",
                            command,
                            UUID.fromString(made.get().getString("id")));
                    return new JsonObject().put("webhook", made.get());
                }));
    }

    private Future<JsonObject> change(Command command, UUID id) {
        if (!(command.body().getValue("changes") instanceof JsonObject json)) {
            return Reply.refusal("changes must be an object");
        }
        // First of all: what is another's is not there, whatever is to be changed in it.
        return store.find(id, command.user())
                .compose(found -> found.isEmpty()
                        ? DeliveryCommands.notThere()
                        : judged(json, false, wanted -> told(store.change(id, command.user(), wanted))))
                .onSuccess(reply -> {
                    if (reply.containsKey("webhook")) {
                        changed("webhook changed", command, id);
                    }
                });
    }

    private interface Judged {
        Future<JsonObject> then(Wanted wanted);
    }

    private Future<JsonObject> judged(JsonObject json, boolean whole, Judged judged) {
        WantedReader reader = new WantedReader(json);
        Wanted wanted = reader.read(whole);
        if (!reader.errors().isEmpty()) {
            return Future.succeededFuture(Reply.invalid("the webhook is not valid", reader.errors()));
        }
        if (wanted.url() == null) {
            return judged.then(wanted);
        }
        return egress.check(wanted.url())
                .transform(done -> done.cause() instanceof RefusedUrlException refused
                        ? DeliveryCommands.invalid("#/url", refused.getMessage())
                        : done.cause() instanceof LookupFailedException away
                                ? Future.succeededFuture(Reply.error(CommandNames.UNAVAILABLE, away.getMessage()))
                                : done.failed() ? Future.failedFuture(done.cause()) : judged.then(wanted));
    }

    private Future<JsonObject> delete(Command command, UUID id) {
        return store.delete(id, command.user()).map(deleted -> {
            if (!deleted) {
                return Reply.notFound("webhook");
            }
            changed("webhook deleted", command, id);
            return new JsonObject();
        });
    }

    private Future<JsonObject> test(Command command, UUID id) {
        return store.signing(id, command.user())
                .compose(signing -> signing.isEmpty()
                        ? DeliveryCommands.notThere()
                        : tester.test(id, signing.get()).map(outcome -> new JsonObject().put("outcome", outcome)));
    }

    private Future<JsonObject> rotate(Command command, UUID id) {
        return store.rotate(id, command.user()).map(secret -> {
            secret.ifPresent(there -> changed("webhook given a new secret", command, id));
            return secret.orElseGet(() -> Reply.notFound("webhook"));
        });
    }

    private static Future<JsonObject> told(Future<Optional<JsonObject>> webhook) {
        return webhook.map(found ->
                found.map(there -> new JsonObject().put("webhook", there)).orElseGet(() -> Reply.notFound("webhook")));
    }

    private static void changed(String message, Command command, UUID id) {
        LOG.atInfo()
                .addKeyValue("webhook", id)
                .addKeyValue("request", command.requestId())
                .log(message);
    }
}
