package dev.darkroom.docs;

import dev.darkroom.testing.GeneratedDocumentSection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Generates the table of failure classes in {@code docs/backends/README.md} from the tables of the protocols, which are generated from
 * runs.
 */
class FailureClassTableTest {
    private static final List<String> PROTOCOLS = List.of(
            "openai",
            "automatic1111",
            "cog",
            "sd_server",
            "fal",
            "replicate",
            "bfl",
            "stability",
            "comfyui",
            "callback");
    private static final Pattern CELLS = Pattern.compile("\\s*\\|\\s*");
    private static final Pattern STATUSES = Pattern.compile("\\d{3}(, \\d{3})*");

    @Test
    void documentsTheClassesOfAllProtocols() throws IOException {
        // given
        Map<String, Map<String, String>> classes = new LinkedHashMap<>();
        for (String protocol : PROTOCOLS) {
            readFaults(protocol)
                    .forEach((fault, failureClass) -> classes.computeIfAbsent(fault, key -> new LinkedHashMap<>())
                            .put(protocol, failureClass));
        }

        // when
        List<String> labels = new ArrayList<>();
        List<String> rows = new ArrayList<>();
        classes.forEach((fault, byProtocol) -> {
            if (byProtocol.size() == 1) {
                return;
            }
            String row = String.join(
                    " | ",
                    PROTOCOLS.stream()
                            .map(protocol -> byProtocol.getOrDefault(protocol, ""))
                            .toList());
            int last = rows.size() - 1;
            boolean merges = last >= 0
                    && rows.get(last).equals(row)
                    && STATUSES.matcher(labels.get(last)).matches()
                    && STATUSES.matcher(fault).matches();
            if (merges) {
                labels.set(last, labels.get(last) + ", " + fault);
            } else {
                labels.add(fault);
                rows.add(row);
            }
        });
        StringBuilder markdown = new StringBuilder("| the AI server | "
                + String.join(
                        " | ",
                        PROTOCOLS.stream()
                                .map(protocol -> "[`" + protocol + "`](" + protocol + ".md#failures)")
                                .toList())
                + " |\n|---|" + "---|".repeat(PROTOCOLS.size()) + "\n");
        for (int i = 0; i < rows.size(); i++) {
            markdown.append("| ")
                    .append(labels.get(i))
                    .append(" | ")
                    .append(rows.get(i))
                    .append(" |\n");
        }

        // then
        new GeneratedDocumentSection(
                        "docs/backends/README.md",
                        "failure-classes",
                        "the tables of the protocols",
                        "./mvnw test -Dtest=FailureClassTableTest")
                .assertContent(markdown.toString());
    }

    /** Returns the failure class by fault. */
    private static Map<String, String> readFaults(String protocol) throws IOException {
        String page = Files.readString(Path.of("docs/backends/" + protocol + ".md"));
        String table = page.substring(page.indexOf("<!-- faults:"), page.indexOf("<!-- end of faults -->"));
        Map<String, String> faults = new LinkedHashMap<>();
        table.lines().skip(3).forEach(line -> {
            String[] cells = CELLS.split(line);
            String[] labels = STATUSES.matcher(cells[1]).matches() ? cells[1].split(", ") : new String[] {cells[1]};
            for (String label : labels) {
                faults.put(label, cells[2]);
            }
        });
        return faults;
    }
}
