package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.TestPostgres;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Compares the logs of the processes of a fleet with the stored attempts. The tables alone do not reveal a result that was
 * stored without holding the lease, because its rows are consistent.
 */
final class AttemptHistoryCheck {
    private static final Pattern SUCCEEDED = Pattern.compile("attempt succeeded generation=(\\S+) attempt=(\\d+)");

    private AttemptHistoryCheck() {}

    /** Checks tables, image files and attempts of an idle fleet. */
    static void assertNoViolations(List<DarkroomInstanceProcess> processes, DatabaseUrl database, Path images) {
        assertNoViolations(processes, database, DarkroomInstanceSettings.imageDirectory(images));
    }

    /**
     * Checks tables, stored images and attempts of an idle fleet.
     *
     * @param imageStore settings of the image store
     */
    static void assertNoViolations(
            List<DarkroomInstanceProcess> processes, DatabaseUrl database, Map<String, String> imageStore) {
        DatabaseInvariants.assertNoViolations(database, imageStore);
        assertThat(violations(processes, database))
                .as("results logged as stored and not stored for that process")
                .isEmpty();
    }

    /** Returns a message for each result that a process logged as stored and that is not stored for its node id. */
    static List<String> violations(List<DarkroomInstanceProcess> processes, DatabaseUrl database) {
        Map<String, String> recorded = new HashMap<>();
        TestPostgres.query(
                        database,
                        "SELECT generation_id || ' ' || number || ' ' || node_id FROM generation_attempts"
                                + " WHERE outcome = 'SUCCEEDED'")
                .forEach(row ->
                        recorded.put(row.substring(0, row.lastIndexOf(' ')), row.substring(row.lastIndexOf(' ') + 1)));
        List<String> violations = new ArrayList<>();
        for (DarkroomInstanceProcess process : processes) {
            List<String> nodeIds = DarkroomFleet.nodeIds(process);
            for (String line : process.log()) {
                Matcher logged = SUCCEEDED.matcher(line);
                if (logged.find() && !nodeIds.contains(recorded.get(logged.group(1) + " " + logged.group(2)))) {
                    violations.add("generation " + logged.group(1) + ": attempt " + logged.group(2) + " of " + nodeIds
                            + " logged as stored, and not stored for these node ids");
                }
            }
        }
        return violations;
    }
}
