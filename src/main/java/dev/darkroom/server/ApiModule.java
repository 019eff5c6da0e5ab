package dev.darkroom.server;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.darkroom.api.ApiVerticle;
import dev.darkroom.api.body.RequestBodyMemory;
import dev.darkroom.api.contract.ApiContract;
import dev.darkroom.api.generation.FinishedGenerationCache;
import dev.darkroom.api.generation.OpenImageLimiter;
import dev.darkroom.api.route.RouteContributor;
import dev.darkroom.api.security.UnusableCertificateException;
import dev.darkroom.api.stream.StreamLimiter;
import dev.darkroom.api.stream.StreamMetrics;
import dev.darkroom.auth.AuthServices;
import dev.darkroom.auth.RateLimitMetrics;
import dev.darkroom.backend.callback.CallbackReceiver;
import dev.darkroom.config.InboundSettings;
import dev.darkroom.config.Settings;
import dev.darkroom.generation.GenerationSignals;
import dev.darkroom.generation.watch.ProgressSubscribers;
import dev.darkroom.notification.stream.NotificationHub;
import io.github.bucket4j.TimeMeter;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Wiring of the HTTP API. */
final class ApiModule {
    private static final Logger LOG = LoggerFactory.getLogger(ApiModule.class);

    private ApiModule() {}

    /**
     * Deploys the HTTP verticles and returns their port.
     *
     * @param processId of this process, as in the table of nodes
     * @param pages paths for browsers; empty without pages
     * @throws StartupException when the address cannot be bound or the certificate cannot be used
     */
    static int deploy(
            ServerResources resources,
            UUID processId,
            ApiContract apiContract,
            List<RouteContributor> pages,
            NotificationHub hub,
            ProgressSubscribers progressSubscribers)
            throws Exception {
        Vertx vertx = resources.vertx();
        Settings settings = resources.settings();
        warnOfSmallHeap(settings);
        AuthServices authServices = AuthServicesFactory.create(vertx, resources.database(), settings);
        FinishedGenerationCache finishedGenerations = new FinishedGenerationCache(Ticker.systemTicker());
        // Before the reply to the deletion, so that no later request gets the deleted generation.
        GenerationSignals.DELETED.subscribe(resources.notifyChannel(), deleted -> finishedGenerations.invalidateAll());
        StreamLimiter streamLimiter =
                new StreamLimiter(FileDescriptorLimit.limitStreams(settings.streams()), TimeMeter.SYSTEM_NANOTIME);
        resources.metrics().bind(new RateLimitMetrics(authServices), new StreamMetrics(streamLimiter));
        ApiVerticle.SharedServices sharedServices = new ApiVerticle.SharedServices(
                processId,
                apiContract,
                pages,
                resources.images(),
                new CallbackReceiver(resources.database(), resources.notifyChannel()),
                authServices,
                finishedGenerations,
                hub,
                progressSubscribers,
                streamLimiter,
                new OpenImageLimiter(FileDescriptorLimit.maxOpenImages(FileDescriptorLimit.maxOpenFiles())));
        List<ApiVerticle> verticles = new CopyOnWriteArrayList<>();
        try {
            resources.processLifecycle().deploy(vertx, "api", settings.api().instances(), () -> {
                ApiVerticle verticle = new ApiVerticle(settings, sharedServices);
                verticles.add(verticle);
                return verticle;
            });
        } catch (Exception e) {
            InboundSettings.Http http = settings.http();
            if (e instanceof UnusableCertificateException certificate) {
                throw new StartupException(
                        "DARKROOM_HTTP_TLS_CERT_FILE, DARKROOM_HTTP_TLS_KEY_FILE: expected a certificate and its"
                                + " private key in PEM (" + certificate.getMessage() + ")");
            }
            throw BindErrors.translate(e, "DARKROOM_HTTP", http.host(), http.port());
        }
        return verticles.get(0).port();
    }

    private static void warnOfSmallHeap(Settings settings) {
        long heap = Runtime.getRuntime().maxMemory();
        long needed = (long) settings.inputImages().maxBytes() * RequestBodyMemory.HEAP_DIVISOR;
        if (heap < needed) {
            LOG.atWarn()
                    .addKeyValue("heapBytes", heap)
                    .addKeyValue("neededBytes", needed)
                    .log("heap too small for large uploads");
        }
    }
}
