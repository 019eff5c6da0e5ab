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

/** Runs the doctor after a fault, with the deep check of image files. */
public final class DatabaseInvariants {
    private static final DatabaseDoctor.Options DEEP = new DatabaseDoctor.Options(true, Duration.ofSeconds(30));

    private DatabaseInvariants() {}

    /** Fails unless the tables are consistent and every image file exists in the directory with the stored hash. */
    public static void assertNoViolations(DatabaseUrl database, Path imageDir) {
        assertThat(runDoctor(database, imageDir).problems()).isEmpty();
    }

    /** Returns the doctor's report with the default settings. */
    public static DoctorReport runDoctor(DatabaseUrl database, Path imageDir) {
        Settings settings = SettingsLoader.load(
                        Map.of("DARKROOM_IMAGE_DIR", imageDir.toAbsolutePath().toString()), Path.of("/nowhere/at/all"))
                .settings();
        return DatabaseDoctor.examine(database, settings, DEEP);
    }
}
