package dev.darkroom.cli;

import dev.darkroom.config.Settings;
import dev.darkroom.database.embedded.AttachedDatabase;
import dev.darkroom.maintenance.doctor.DatabaseDoctor;
import dev.darkroom.maintenance.doctor.DoctorReport;
import dev.darkroom.maintenance.doctor.GenerationTimeline;
import dev.darkroom.server.StartupException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The commands that look and change nothing. They return the exit code: 0 when all is well, 1 when what they looked for is
 * not. What keeps them from looking is thrown.
 */
public final class DoctorCommand {
    private static final String TIMEOUT_OPTION = "--timeout";
    private static final Duration DEFAULT_STATEMENT_TIMEOUT = Duration.ofMinutes(5);

    private DoctorCommand() {}

    /** {@code doctor [--deep] [--json] [--timeout SECONDS]} */
    public static int doctor(Settings settings, List<String> arguments) {
        List<String> left = new ArrayList<>(arguments);
        boolean deep = left.remove("--deep");
        boolean json = left.remove("--json");
        Duration timeout = takeTimeout(left);
        rejectUnexpected(left);
        try (AttachedDatabase database = AttachedDatabase.open(settings)) {
            DoctorReport doctorReport =
                    DatabaseDoctor.examine(database.url(), settings, new DatabaseDoctor.Options(deep, timeout));
            System.out.println(json ? doctorReport.toJson().encodePrettily() : doctorReport.toText());
            return doctorReport.isClean() ? 0 : 1;
        }
    }

    /** {@code explain [--prompt] ID} */
    public static int explain(Settings settings, List<String> arguments) {
        List<String> left = new ArrayList<>(arguments);
        boolean prompt = left.remove("--prompt");
        if (left.isEmpty()) {
            throw new StartupException("explain: expected the id of a generation");
        }
        UUID id = parseGenerationId(left.remove(0));
        rejectUnexpected(left);
        try (AttachedDatabase database = AttachedDatabase.open(settings)) {
            Optional<String> story = GenerationTimeline.describe(id, database.url(), settings, prompt);
            System.out.println(story.orElse("There is no generation " + id + "."));
            return story.isPresent() ? 0 : 1;
        }
    }

    private static Duration takeTimeout(List<String> arguments) {
        int at = arguments.indexOf(TIMEOUT_OPTION);
        if (at < 0) {
            return DEFAULT_STATEMENT_TIMEOUT;
        }
        arguments.remove(at);
        String seconds = at < arguments.size() ? arguments.remove(at) : "";
        if (!seconds.matches("[1-9][0-9]{0,5}")) {
            throw new StartupException(TIMEOUT_OPTION + ": expected seconds from 1 to 999999");
        }
        return Duration.ofSeconds(Long.parseLong(seconds));
    }

    private static UUID parseGenerationId(String text) {
        if (!text.matches("\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}")) {
            throw new StartupException(
                    "explain: expected the id of a generation, such as" + " 01a2093d-8cc8-7eab-b69e-7d8fe7b05d0d");
        }
        return UUID.fromString(text);
    }

    static void rejectUnexpected(List<String> arguments) {
        if (!arguments.isEmpty()) {
            throw new StartupException("unknown argument \"" + arguments.get(0) + "\"");
        }
    }
}
