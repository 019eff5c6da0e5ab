package dev.darkroom;

import dev.darkroom.api.ApiVerticle;
import dev.darkroom.config.Settings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a started service prints: where it is, and what to try first. */
final class Banner {
    private static final Logger LOG = LoggerFactory.getLogger(Banner.class);

    private Banner() {}

    /** As text for people to read; in a log for machines as one line like the others. */
    static void print(Settings settings, Service.Running running) {
        String api = ApiVerticle.listeningUrl(settings.http(), running.apiPort());
        String health = ApiVerticle.listeningUrl("http", settings.management().host(), running.managementPort());
        String database = settings.database().url() == null
                ? "embedded, in " + settings.dataDir()
                : running.database().host() + ":" + running.database().port();
        if (settings.log().json()) {
            LOG.atInfo()
                    .addKeyValue("version", Version.current())
                    .addKeyValue("api", running.apiPort() == 0 ? null : api)
                    .addKeyValue("management", health)
                    .addKeyValue("aiServer", running.aiServer())
                    .addKeyValue("database", database)
                    .addKeyValue("images", settings.imageDir().toString())
                    .addKeyValue("pid", ProcessHandle.current().pid())
                    .log("ready");
            return;
        }
        StringBuilder banner = new StringBuilder("\nDarkroom " + Version.current() + " is ready.\n\n");
        if (running.apiPort() != 0) {
            banner.append("  API        ").append(api).append("/api/generation\n");
            banner.append("  Contract   ").append(api).append("/openapi.yaml\n");
        }
        banner.append("  Health     ").append(health).append("/health/ready\n");
        banner.append("  AI server  ").append(running.aiServer());
        banner.append(settings.backend().url() == null ? " (the bundled simulator)\n" : "\n");
        banner.append("  Database   ").append(database);
        banner.append("\n  Images     ").append(settings.imageDir());
        banner.append("\n  Process    ").append(ProcessHandle.current().pid()).append('\n');
        if (running.apiPort() != 0) {
            banner.append("\nTry it:\n\n  curl -i ")
                    .append(api)
                    .append("/api/generation -H 'Content-Type: application/json' \\\n")
                    .append(authorization(settings))
                    .append("    -d '{\"prompt\": \"A lighthouse at dusk, oil on canvas\"}'\n");
        }
        System.out.println(banner);
    }

    private static String authorization(Settings settings) {
        return settings.auth() == Settings.Auth.REQUIRED
                ? "    -H 'Authorization: Bearer KEY' \\\n" // of: java -jar darkroom.jar keys create --user NAME
                : "";
    }
}
