package dev.darkroom.database;

import dev.darkroom.database.NotifyChannel.Statistics;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.function.ToDoubleFunction;

/** Meters of the {@link NotifyChannel} of a process. */
public record NotifyChannelMetrics(NotifyChannel channel) implements MeterBinder {
    @Override
    public void bindTo(MeterRegistry registry) {
        Gauge.builder(
                        "darkroom.notify.connected",
                        channel,
                        each -> each.statistics().connected() ? 1 : 0)
                .description("1 while the LISTEN connection is open")
                .register(registry);
        count(registry, "connects", "Times that the LISTEN connection was opened", Statistics::connects);
        count(registry, "losses", "Times that the LISTEN connection was lost", Statistics::losses);
        count(registry, "sent", "NOTIFY statements sent", Statistics::sent);
        count(registry, "received", "NOTIFY messages of other processes", Statistics::received);
    }

    private void count(
            MeterRegistry registry, String name, String description, ToDoubleFunction<Statistics> statistic) {
        FunctionCounter.builder("darkroom.notify." + name, channel, each -> statistic.applyAsDouble(each.statistics()))
                .description(description)
                .register(registry);
    }
}
