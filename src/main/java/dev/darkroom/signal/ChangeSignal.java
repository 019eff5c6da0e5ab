package dev.darkroom.signal;

import dev.darkroom.database.NotifyChannel;
import dev.darkroom.task.PeriodicTask;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Signal that rows of one kind have changed, for subscribers in this process and in others. Carries no data beyond a key; subscribers read
 * the tables. May be lost, duplicated or unnecessary, so a subscriber also polls.
 *
 * @param topic unique name of the signal; short, without commas and slashes
 */
public record ChangeSignal(String topic) {

    /** As {@link #publish(NotifyChannel, String)}, without a key: any row may have changed. */
    public void publish(NotifyChannel notifyChannel) {
        publish(notifyChannel, null);
    }

    /**
     * Calls the subscribers of this process and of all others, asynchronously. Callable on any thread.
     *
     * @param key names the changed row; short, without commas. Null when any row may have changed
     */
    public void publish(NotifyChannel notifyChannel, String key) {
        notifyChannel.callHandlers(topic, key);
        notifyChannel.send(topic, key);
    }

    /** As {@link #publish(NotifyChannel, String)}, without the subscribers of this process, which already know the change. */
    public void publishToOtherProcesses(NotifyChannel notifyChannel, String key) {
        notifyChannel.send(topic, key);
    }

    /**
     * Subscribes for the lifetime of the channel, without a change of the thread.
     *
     * @param handler called on any thread, for a signal of this process before {@code publish} returns; must neither block nor throw. Its
     *     argument is as in {@link #subscribe(Vertx, NotifyChannel, Consumer)}
     */
    public void subscribe(NotifyChannel notifyChannel, Consumer<String> handler) {
        notifyChannel.listen(topic, handler);
    }

    /**
     * Subscribes for the lifetime of the channel.
     *
     * @param handler called on the context of the caller with the key of each signal, and with null when any row may have changed, for
     *     example after a lost connection
     */
    public void subscribe(Vertx vertx, NotifyChannel notifyChannel, Consumer<String> handler) {
        Context context = vertx.getOrCreateContext();
        subscribe(notifyChannel, key -> context.runOnContext(called -> handler.accept(key)));
    }

    /**
     * Subscribes as {@link #subscribe(Vertx, NotifyChannel, Consumer)}, and polls to find changes without a signal: calls the handler with
     * a null key now and in intervals.
     *
     * @param pollInterval maximum time from the end of one poll to the start of the next
     * @param handler completes when it has read the change; logs its failures itself
     * @return the poll, to be stopped with the verticle
     */
    public PeriodicTask subscribe(
            Vertx vertx, NotifyChannel notifyChannel, Duration pollInterval, Function<String, Future<?>> handler) {
        subscribe(vertx, notifyChannel, key -> {
            Future<?> ignored = handler.apply(key);
        });
        PeriodicTask pollTask = new PeriodicTask(vertx, pollInterval, () -> handler.apply(null));
        pollTask.start();
        return pollTask;
    }
}
