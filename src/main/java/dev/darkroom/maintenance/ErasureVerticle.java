package dev.darkroom.maintenance;

import dev.darkroom.eventbus.BusCommand;
import dev.darkroom.eventbus.CommandReplies;
import dev.darkroom.eventbus.JsonCommandDispatcher;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Handles the commands on {@link ErasureBus#COMMANDS}. One instance per process. */
public final class ErasureVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(ErasureVerticle.class);

    /** Maximum time until the reply; shorter than the reply timeout of the API. */
    private static final Duration MAX_REPLY_TIME = Duration.ofSeconds(3);

    private static final int MAX_USER_LENGTH = 128;

    private final UserErasureService erasure;

    public ErasureVerticle(UserErasureService erasure) {
        this.erasure = erasure;
    }

    @Override
    public Future<?> start() {
        return vertx.eventBus()
                .<JsonObject>consumer(ErasureBus.COMMANDS, new JsonCommandDispatcher(this::handleCommand)::dispatch)
                .completion();
    }

    private Future<JsonObject> handleCommand(BusCommand busCommand) {
        if (!busCommand.action().equals(ErasureBus.ERASE)) {
            return CommandReplies.invalidFuture("the header action must be erase");
        }
        String user = busCommand.optionalText("userToErase");
        if (busCommand.user() == null || busCommand.ownerFilter() != null) {
            return CommandReplies.invalidFuture("the body must name an admin as user, with asAdmin true");
        }
        if (user == null || user.isEmpty() || user.length() > MAX_USER_LENGTH || user.indexOf('\0') >= 0) {
            return CommandReplies.invalidFuture("userToErase must be a user of 1 to 128 characters");
        }
        return erasure.request(user).compose(stored -> {
            LOG.atInfo()
                    .addKeyValue("admin", busCommand.user())
                    .addKeyValue("user", user)
                    .addKeyValue("requestId", busCommand.requestId())
                    .log("audit: user erasure requested");
            return erasure.erase(user, MAX_REPLY_TIME)
                    .timeout(MAX_REPLY_TIME.toMillis(), TimeUnit.MILLISECONDS)
                    .otherwise(false)
                    .map(erased -> new JsonObject().put("erased", erased));
        });
    }
}
