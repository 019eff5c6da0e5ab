package dev.darkroom.server;

import dev.darkroom.api.ApiVerticle;
import dev.darkroom.config.InboundSettings;
import dev.darkroom.config.Settings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Prints the addresses of a started server and a first request to try. */
final class StartupBanner {
    private static final Logger LOG = LoggerFactory.getLogger(StartupBanner.class);

    private StartupBanner() {}

    /** Prints text to standard output, or logs one line when the log format is JSON. */
    static void print(Settings settings, Server.RunningServer runningServer) {
        String api = ApiVerticle.listeningUrl(settings.http(), runningServer.apiPort());
        String health = ApiVerticle.listeningUrl("http", settings.management().host(), runningServer.managementPort());
        String database = settings.database().url() == null
                ? "embedded, in " + settings.dataDir()
                : runningServer.database().host() + ":"
                        + runningServer.database().port();
        boolean showsPages = runningServer.apiPort() != 0 && settings.web().enabled();
        if (settings.log().json()) {
            LOG.atInfo()
                    .addKeyValue("version", BuildVersion.current())
                    .addKeyValue("roles", String.join(", ", settings.node().roleNames()))
                    .addKeyValue("studio", showsPages ? api + "/" : null)
                    .addKeyValue("api", runningServer.apiPort() == 0 ? null : api)
                    .addKeyValue("management", health)
                    .addKeyValue("aiServers", runningServer.aiServers())
                    .addKeyValue("database", database)
                    .addKeyValue("images", runningServer.images())
                    .addKeyValue("pid", ProcessHandle.current().pid())
                    .log("server started");
            return;
        }
        StringBuilder banner = new StringBuilder("\nDarkroom " + BuildVersion.current() + " is ready.");
        banner.append(showsPages ? " Open " + api + "/\n\n" : "\n\n");
        if (showsPages) {
            banner.append("  Reference  ").append(api).append("/docs\n");
            banner.append("  Guide      ").append(api).append("/docs/guide\n");
        }
        if (runningServer.apiPort() != 0) {
            banner.append("  API        ").append(api).append("/api/generation\n");
            banner.append("  Contract   ").append(api).append("/openapi.yaml\n");
        }
        banner.append("  Roles      ")
                .append(String.join(", ", settings.node().roleNames()))
                .append('\n');
        banner.append("  Health     ").append(health).append("/health/ready\n");
        for (int i = 0; i < runningServer.aiServers().size(); i++) {
            banner.append("  AI server  ").append(runningServer.aiServers().get(i));
            banner.append(settings.backends().get(i).url() == null ? " (the bundled simulator)\n" : "\n");
        }
        banner.append("  Database   ").append(database);
        banner.append("\n  Images     ").append(runningServer.images());
        banner.append("\n  Process    ").append(ProcessHandle.current().pid()).append('\n');
        if (runningServer.apiPort() != 0) {
            banner.append("\nTry it:\n\n  curl -i ")
                    .append(api)
                    .append("/api/generation -H 'Content-Type: application/json' \\\n")
                    .append(curlAuthorizationHeader(settings))
                    .append("    -d '{\"prompt\": \"Mountains at sunset, layers of mist\"}'\n");
        }
        System.out.println(banner);
    }

    private static String curlAuthorizationHeader(Settings settings) {
        return settings.auth() == InboundSettings.AuthMode.REQUIRED
                ? "    -H 'Authorization: Bearer KEY' \\\n" // of: java -jar darkroom.jar keys create --user NAME
                : "";
    }
}
