package dev.darkroom.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ProcessMetricsTest {

    private static Vertx open(ProcessMetrics metrics) {
        return Vertx.builder()
                .with(new VertxOptions().setMetricsOptions(metrics.vertxOptions()))
                .withMetrics(metrics.vertxFactory())
                .build();
    }

    @Test
    void instancesOfOneJvmMeasureTheirOwnPools() throws Exception {
        // given
        try (ProcessMetrics first = new ProcessMetrics("1.0");
                ProcessMetrics second = new ProcessMetrics("1.0")) {
            Vertx vertxOfFirst = open(first);
            Vertx vertxOfSecond = open(second);

            // when
            vertxOfFirst.createSharedWorkerExecutor("pool-of-first");
            vertxOfSecond.createSharedWorkerExecutor("pool-of-second");

            // then
            assertThat(first.scrape(false)).contains("pool-of-first").doesNotContain("pool-of-second");
            assertThat(second.scrape(false)).contains("pool-of-second").doesNotContain("pool-of-first");
            vertxOfFirst.close().await(60, TimeUnit.SECONDS);
            vertxOfSecond.close().await(60, TimeUnit.SECONDS);
        }
    }
}
