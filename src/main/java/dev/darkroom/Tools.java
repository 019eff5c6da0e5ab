package dev.darkroom;

import dev.darkroom.config.Settings;
import dev.darkroom.database.JoinedDatabase;
import dev.darkroom.doctor.Doctor;
import dev.darkroom.doctor.Report;
import dev.darkroom.doctor.Story;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The commands that look and change nothing. They return the exit code: 0 when all is well, 1 when what they looked for is
 * not. What keeps them from looking is thrown.
 */
final class Tools {
    private static final String TIMEOUT = "--timeout";
    private static final Duration STATEMENT_TIMEOUT = Duration.ofMinutes(5);

    private Tools() {}

    /** {@code doctor [--deep] [--json] [--timeout SECONDS]} */
    static int doctor(Settings settings, List<String> arguments) {
        List<String> left = new ArrayList<>(arguments);
        boolean deep = left.remove("--deep");
        boolean json = left.remove("--json");
        Duration timeout = timeout(left);
        refuse(left);
        try (JoinedDatabase database = JoinedDatabase.open(settings)) {
            Report report = Doctor.examine(database.url(), settings, new Doctor.Thoroughness(deep, timeout));
            System.out.println(json ? report.json().encodePrettily() : report.text());
            return report.clean() ? 0 : 1;
        }
    }

    /** {@code explain [--prompt] ID} */
    static int explain(Settings settings, List<String> arguments) {
        List<String> left = new ArrayList<>(arguments);
        boolean prompt = left.remove("--prompt");
        if (left.isEmpty()) {
            throw new StartException("explain: expected the id of a generation");
        }
        UUID id = id(left.remove(0));
        refuse(left);
        try (JoinedDatabase database = JoinedDatabase.open(settings)) {
            Optional<String> story = Story.of(id, database.url(), settings, prompt);
            System.out.println(story.orElse("There is no generation " + id + "."));
            return story.isPresent() ? 0 : 1;
        }
    }

    private static Duration timeout(List<String> arguments) {
        int at = arguments.indexOf(TIMEOUT);
        if (at < 0) {
            return STATEMENT_TIMEOUT;
        }
        arguments.remove(at);
        String seconds = at < arguments.size() ? arguments.remove(at) : "";
        if (!seconds.matches("[1-9][0-9]{0,5}")) {
            throw new StartException(TIMEOUT + ": expected seconds from 1 to 999999");
        }
        return Duration.ofSeconds(Long.parseLong(seconds));
    }

    private static UUID id(String text) {
        if (!text.matches("\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}")) {
            throw new StartException(
                    "explain: expected the id of a generation, such as" + " 01a2093d-8cc8-7eab-b69e-7d8fe7b05d0d");
        }
        return UUID.fromString(text);
    }

    static void refuse(List<String> arguments) {
        if (!arguments.isEmpty()) {
            throw new StartException("unknown argument \"" + arguments.get(0) + "\"");
        }
    }
}
