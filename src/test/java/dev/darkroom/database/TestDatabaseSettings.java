package dev.darkroom.database;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import java.time.Duration;

/** Database settings for tests. */
final class TestDatabaseSettings {
    private TestDatabaseSettings() {}

    static Settings.Database of(DatabaseUrl url) {
        return of(url, 4, 1000);
    }

    static Settings.Database of(DatabaseUrl url, int poolSize, int maxWaiting) {
        return new Settings.Database(
                url,
                null,
                poolSize,
                maxWaiting,
                Duration.ofSeconds(3),
                Duration.ofMillis(2500),
                Duration.ofMillis(700),
                Duration.ofMillis(1200),
                Duration.ofSeconds(60));
    }
}
