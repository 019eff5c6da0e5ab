package dev.darkroom.server;

import static dev.darkroom.server.ProcessLifecycle.await;

import dev.darkroom.api.documentation.DocumentationContent;
import dev.darkroom.api.documentation.DocumentationRoutes;
import dev.darkroom.api.route.RouteContributor;
import dev.darkroom.api.security.HostAndOriginPolicy;
import dev.darkroom.api.web.PageHeaders;
import dev.darkroom.api.web.SimulatorRoutes;
import dev.darkroom.api.web.StaticRoutes;
import dev.darkroom.api.web.StudioFiles;
import dev.darkroom.config.InboundSettings;
import dev.darkroom.config.Settings;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Wiring of the pages for browsers. */
final class WebModule {
    private static final Logger LOG = LoggerFactory.getLogger(WebModule.class);

    private WebModule() {}

    /**
     * Reads the pages and returns their routes, which all verticles of the API share; empty when the settings disable them. Blocks.
     *
     * @param simulatorUrl of the simulator of this process; null without one
     * @param publicUrl returns the URL of the API; called when requests arrive
     */
    static List<RouteContributor> load(ServerResources resources, URI simulatorUrl, Supplier<String> publicUrl)
            throws Exception {
        Settings settings = resources.settings();
        if (!settings.web().enabled()) {
            return List.of();
        }
        PageHeaders pageHeaders = new PageHeaders(publicUrl, await(readImageOrigins(resources)));
        boolean servesSimulator = simulatorUrl != null && settings.isForLocalUseOnly();
        StudioFiles.PageValues values = new StudioFiles.PageValues(
                settings.auth() == InboundSettings.AuthMode.REQUIRED, servesSimulator, BuildVersion.current());
        Vertx vertx = resources.vertx();
        WorkerExecutor worker = vertx.createSharedWorkerExecutor("darkroom-web", 1);
        List<RouteContributor> contributors = new ArrayList<>();
        contributors.add(new StaticRoutes(
                await(worker.executeBlocking(() -> StudioFiles.read(values)).eventually(worker::close)), pageHeaders));
        contributors.add(new DocumentationRoutes(new DocumentationContent(vertx, BuildVersion.current()), pageHeaders));
        if (servesSimulator) {
            contributors.add(new SimulatorRoutes(vertx, simulatorUrl, HostAndOriginPolicy.forApi(settings)));
        }
        return contributors;
    }

    private static Future<Set<String>> readImageOrigins(ServerResources resources) {
        return resources
                .images()
                .downloadOrigin()
                .map(origin -> origin.stream().map(PageHeaders::origin).collect(Collectors.toSet()))
                .recover(error -> {
                    LOG.atWarn().addKeyValue("reason", error.getMessage()).log("origin of image redirects unknown");
                    return Future.succeededFuture(Set.of());
                });
    }
}
