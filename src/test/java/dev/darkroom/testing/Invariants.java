package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.doctor.Doctor;
import dev.darkroom.doctor.Report;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** What holds whatever has happened: the doctor, called after a fault. */
public final class Invariants {
    private static final Doctor.Thoroughness DEEP = new Doctor.Thoroughness(true, Duration.ofSeconds(30));

    private Invariants() {}

    /** Fails unless the doctor finds the tables clean, and every picture that they name below a directory, byte for byte. */
    public static void check(DatabaseUrl database, Path imageDir) {
        assertThat(examine(database, imageDir).wrong()).isEmpty();
    }

    /** What the doctor says, with the default settings. */
    public static Report examine(DatabaseUrl database, Path imageDir) {
        Settings settings = SettingsLoader.load(
                        Map.of("DARKROOM_IMAGE_DIR", imageDir.toAbsolutePath().toString()), Path.of("/nowhere/at/all"))
                .settings();
        return Doctor.examine(database, settings, DEEP);
    }
}
