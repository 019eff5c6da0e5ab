package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.DarkroomInstanceProcess;
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
 * What the processes of a fleet say that they did, held against what is on record. The tables alone cannot tell whether a
 * result was recorded by the one that held the lease: whoever steals a lease writes rows that look well.
 */
final class AttemptHistoryCheck {
    private static final Pattern SUCCEEDED = Pattern.compile("attempt succeeded generation=(\\S+) attempt=(\\d+)");

    private AttemptHistoryCheck() {}

    /** All that must hold once a fleet has come to rest. */
    static void assertNoViolations(List<DarkroomInstanceProcess> processes, DatabaseUrl database, Path images) {
        // The one place of these tests that asks whether the tables are in order.
        DatabaseInvariants.assertNoViolations(database, images);
        assertThat(violations(processes, database))
                .as("results that are not on record as they were said to be")
                .isEmpty();
    }

    /** Each result that a process says it has recorded, and that is not on record as this attempt of this process. */
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
            List<String> identities = DarkroomFleet.nodeIds(process);
            for (String line : process.log()) {
                Matcher said = SUCCEEDED.matcher(line);
                if (said.find() && !identities.contains(recorded.get(said.group(1) + " " + said.group(2)))) {
                    violations.add("generation " + said.group(1) + ": attempt " + said.group(2) + " of " + identities
                            + " says that its result was recorded, and it is not on record");
                }
            }
        }
        return violations;
    }
}
