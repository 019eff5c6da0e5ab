package dev.darkroom.database;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.TestSettings;
import java.time.Duration;

/** Database settings for tests. */
final class TestDatabaseSettings {
    private TestDatabaseSettings() {}

    static Settings.Database of(DatabaseUrl url) {
        return of(url, 4, 1000);
    }

    /** Returns settings with which a start waits a second for the server. */
    static Settings.Database shortStart(DatabaseUrl url) {
        return TestSettings.with(of(url), "startTimeout", Duration.ofSeconds(1));
    }

    static Settings.Database of(DatabaseUrl url, int poolSize, int maxWaiting) {
        return TestSettings.with(
                TestSettings.DEFAULTS.database(),
                "url",
                url,
                "poolSize",
                poolSize,
                "maxWaitQueueSize",
                maxWaiting,
                "statementTimeout",
                Duration.ofMillis(2500),
                "lockTimeout",
                Duration.ofMillis(700),
                "idleInTransactionTimeout",
                Duration.ofMillis(1200));
    }
}
