package dev.darkroom;

import dev.darkroom.api.ApiVerticle;
import dev.darkroom.config.Settings;

/** What a started service prints: where it is, and what to try first. */
final class Banner {
    private Banner() {}

    static void print(Settings settings, Service.Running running) {
        String api = ApiVerticle.listeningUrl(settings.http().host(), running.apiPort());
        String health = ApiVerticle.listeningUrl(settings.management().host(), running.managementPort());
        StringBuilder banner = new StringBuilder("\nDarkroom " + Version.current() + " is ready.\n\n");
        if (running.apiPort() != 0) {
            banner.append("  API        ").append(api).append("/api/generation\n");
            banner.append("  Contract   ").append(api).append("/openapi.yaml\n");
        }
        banner.append("  Health     ").append(health).append("/health/ready\n");
        banner.append("  AI server  ").append(running.aiServer());
        banner.append(settings.backend().url() == null ? " (the bundled simulator)\n" : "\n");
        banner.append("  Database   ");
        banner.append(
                settings.database().url() == null
                        ? "embedded, in " + settings.dataDir()
                        : running.database().host() + ":" + running.database().port());
        banner.append("\n  Images     ").append(settings.imageDir()).append('\n');
        if (running.apiPort() != 0) {
            banner.append("\nTry it:\n\n  curl -i ")
                    .append(api)
                    .append("/api/generation -H 'Content-Type: application/json' \\\n")
                    .append("    -d '{\"prompt\": \"A lighthouse at dusk, oil on canvas\"}'\n");
        }
        System.out.println(banner);
    }
}
