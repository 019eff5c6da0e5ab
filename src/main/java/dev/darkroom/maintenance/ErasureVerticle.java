package dev.darkroom.maintenance;

import dev.darkroom.eventbus.CommandContext;
import dev.darkroom.eventbus.CommandDispatcher;
import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.maintenance.ErasureCommand.EraseUser;
import dev.darkroom.maintenance.ErasureCommand.ErasureProgress;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Handles the commands on {@link ErasureCommand#ADDRESS}. One instance per process. */
public final class ErasureVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(ErasureVerticle.class);

    /** Maximum time until the reply; shorter than the reply timeout of the API. */
    private static final Duration MAX_REPLY_TIME = Duration.ofSeconds(3);

    private final UserErasureService erasure;

    public ErasureVerticle(UserErasureService erasure) {
        this.erasure = erasure;
    }

    @Override
    public Future<?> start() {
        return new CommandDispatcher(ErasureCommand.class)
                .on(EraseUser.class, this::eraseUser)
                .register(vertx, ErasureCommand.ADDRESS);
    }

    private Future<CommandReply<ErasureProgress>> eraseUser(CommandContext<EraseUser> context) {
        String user = context.command().user();
        return erasure.request(user).compose(stored -> {
            LOG.atInfo()
                    .addKeyValue("admin", context.command().admin())
                    .addKeyValue("user", user)
                    .addKeyValue("requestId", context.requestId())
                    .log("audit: user erasure requested");
            return erasure.erase(user, MAX_REPLY_TIME)
                    .timeout(MAX_REPLY_TIME.toMillis(), TimeUnit.MILLISECONDS)
                    .otherwise(false)
                    .map(erased ->
                            CommandReply.completed(erased ? ErasureProgress.FINISHED : ErasureProgress.CONTINUING));
        });
    }
}
