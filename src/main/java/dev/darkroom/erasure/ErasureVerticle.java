package dev.darkroom.erasure;

import dev.darkroom.command.Command;
import dev.darkroom.command.CommandDesk;
import dev.darkroom.command.Reply;
import dev.darkroom.database.Database;
import dev.darkroom.database.Hints;
import dev.darkroom.image.ImageStore;
import dev.darkroom.node.Recurring;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers commands on {@link ErasureBus#COMMANDS} and continues erasures that are not finished, also those that a process
 * began that is gone. One instance per process.
 */
public final class ErasureVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(ErasureVerticle.class);
    private static final Duration INTERVAL = Duration.ofSeconds(5);

    /** Shorter than callers wait for a reply. */
    private static final Duration LONGEST_REPLY = Duration.ofSeconds(3);

    private static final int LONGEST_NAME = 128;

    private final Database database;
    private final Hints hints;
    private final ImageStore images;
    private UserErasure erasure;
    private Recurring resuming;

    public ErasureVerticle(Database database, Hints hints, ImageStore images) {
        this.database = database;
        this.hints = hints;
        this.images = images;
    }

    @Override
    public Future<?> start() {
        erasure = new UserErasure(vertx, database, hints, images);
        resuming = new Recurring(vertx, INTERVAL, erasure::resume);
        resuming.start();
        return vertx.eventBus()
                .<JsonObject>consumer(ErasureBus.COMMANDS, new CommandDesk(this::answer)::take)
                .completion();
    }

    @Override
    public Future<?> stop() {
        return resuming.stop();
    }

    private Future<JsonObject> answer(Command command) {
        if (!command.action().equals(ErasureBus.ERASE)) {
            return Reply.refusal("the header action must be erase");
        }
        String user = command.text("erase");
        if (command.user() == null || command.owner() != null) {
            return Reply.refusal("the body must name an admin as user, with anybodys true");
        }
        if (user == null || user.isEmpty() || user.length() > LONGEST_NAME || user.indexOf('\0') >= 0) {
            return Reply.refusal("erase must be a user of 1 to 128 characters");
        }
        return erasure.request(user).compose(stored -> {
            LOG.atInfo()
                    .addKeyValue("admin", command.user())
                    .addKeyValue("user", user)
                    .addKeyValue("request", command.requestId())
                    .log("audit: user erasure requested");
            return erasure.erase(user, LONGEST_REPLY)
                    .timeout(LONGEST_REPLY.toMillis(), TimeUnit.MILLISECONDS)
                    .otherwise(false)
                    .map(erased -> new JsonObject().put("erased", erased));
        });
    }
}
