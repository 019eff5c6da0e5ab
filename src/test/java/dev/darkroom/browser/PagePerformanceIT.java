package dev.darkroom.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.browser.BrowserExtension;
import dev.darkroom.testing.browser.BrowserRequest;
import dev.darkroom.testing.browser.BrowserSession;
import dev.darkroom.testing.browser.LocalDarkroom;
import dev.darkroom.testing.browser.StudioPage;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Measures the size and speed of the studio. Checks sizes and contents; prints times. */
@Tag("browser")
@Timeout(600)
class PagePerformanceIT {
    private static final int MAX_TRANSFER_BYTES = 200_000;
    private static final int GENERATIONS = 1_000;

    /** Scrolls to the end of the gallery and measures the time between frames. */
    private static final String SCROLL = """
            const done = arguments[arguments.length - 1];
            const frames = [];
            let last = performance.now();
            let still = 0;
            const step = now => {
                frames.push(now - last);
                last = now;
                const root = document.scrollingElement;
                const before = root.scrollTop;
                root.scrollTop += 160;
                still = root.scrollTop === before && !document.querySelector('.load-more') ? still + 1 : 0;
                if (still < 30) requestAnimationFrame(step);
                else done(frames);
            };
            requestAnimationFrame(step);
            """;

    @RegisterExtension
    static final LocalDarkroom service = new LocalDarkroom(DarkroomInstanceSettings.forTests());

    @RegisterExtension
    final BrowserExtension browser = new BrowserExtension();

    private static Map<String, Number> metrics(BrowserSession session) {
        session.command("Performance.enable", Map.of());
        Map<String, Number> values = new HashMap<>();
        for (Object entry :
                (List<?>) session.command("Performance.getMetrics", Map.of()).get("metrics")) {
            Map<?, ?> metric = (Map<?, ?>) entry;
            values.put((String) metric.get("name"), (Number) metric.get("value"));
        }
        return values;
    }

    @Test
    void studioIsSmall() {
        // given a browser with an empty cache
        BrowserSession session = browser.session();

        // when
        session.open(service.url("/"));
        session.find("#gallery-title");
        session.awaitValue(
                "ended requests",
                () -> session.log().requests().stream()
                        .filter(request ->
                                request.isOpen() && !request.methodAndPath().equals("GET /api/notifications/stream"))
                        .toList(),
                List::isEmpty);

        // then
        List<BrowserRequest> requests = session.log().requests();
        long bytes =
                requests.stream().mapToLong(BrowserRequest::transferredBytes).sum();
        Number paint = (Number)
                session.runScript("return performance.getEntriesByName('first-contentful-paint')[0].startTime");
        System.out.printf(
                "studio: %d requests, %,d bytes, first contentful paint after %.0f ms%n",
                requests.size(), bytes, paint.doubleValue());
        assertThat(bytes).isLessThan(MAX_TRANSFER_BYTES);
        assertThat(paint.doubleValue()).as("first contentful paint, ms").isLessThan(30_000);
    }

    @Test
    void galleryShowsThousandGenerations() {
        // given
        ApiClient client = service.client();
        List<String> ids = IntStream.range(0, GENERATIONS)
                .mapToObj(number -> client.create("Lighthouse number " + number))
                .toList();
        ids.forEach(client::awaitEnd);
        BrowserSession session = browser.session();
        new StudioPage(session, service.url("/")).open();
        session.find(StudioPage.TILE);

        // when
        List<?> frames = (List<?>) session.runAsyncScript(SCROLL);

        // then
        Awaitility.await("all generations")
                .atMost(BrowserSession.DEADLINE)
                .until(() -> (Long) session.runScript("return document.querySelectorAll('[data-testid=tile]').length")
                        >= GENERATIONS);
        double[] times = frames.stream()
                .mapToDouble(time -> ((Number) time).doubleValue())
                .sorted()
                .toArray();
        long longFrames = Arrays.stream(times).filter(time -> time > 50).count();
        Map<String, Number> metrics = metrics(session);
        System.out.printf(
                "gallery of %d: %d frames, median %.1f ms, 99%% %.1f ms, longest %.1f ms, %d over 50 ms; %d nodes, %.1f MB of JavaScript heap%n",
                GENERATIONS,
                times.length,
                times[times.length / 2],
                times[(int) (times.length * 0.99)],
                times[times.length - 1],
                longFrames,
                metrics.get("Nodes").intValue(),
                metrics.get("JSHeapUsedSize").doubleValue() / 1e6);
        assertThat(metrics.get("Nodes").intValue()).as("nodes of the document").isLessThan(30_000);
    }
}
