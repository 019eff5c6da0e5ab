package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.maintenance.doctor.DatabaseDoctor;
import dev.darkroom.maintenance.doctor.DoctorReport;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** What holds whatever has happened: the doctor, called after a fault. */
public final class DatabaseInvariants {
    private static final DatabaseDoctor.Options DEEP = new DatabaseDoctor.Options(true, Duration.ofSeconds(30));

    private DatabaseInvariants() {}

    /** Fails unless the doctor finds the tables clean, and every picture that they name below a directory, byte for byte. */
    public static void assertNoViolations(DatabaseUrl database, Path imageDir) {
        assertThat(runDoctor(database, imageDir).problems()).isEmpty();
    }

    /** What the doctor says, with the default settings. */
    public static DoctorReport runDoctor(DatabaseUrl database, Path imageDir) {
        Settings settings = SettingsLoader.load(
                        Map.of("DARKROOM_IMAGE_DIR", imageDir.toAbsolutePath().toString()), Path.of("/nowhere/at/all"))
                .settings();
        return DatabaseDoctor.examine(database, settings, DEEP);
    }
}
