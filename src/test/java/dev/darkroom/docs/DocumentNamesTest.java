package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.SettingVariableNames;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Checks that the tests, settings, packages, verticles and tables named by the pages exist. */
class DocumentNamesTest {
    private static final Pattern TEST =
            Pattern.compile("`([A-Z][A-Za-z]*(?:Test|IT))(?:\\.([a-z][A-Za-z0-9]*))?`(?:, `([a-z][A-Za-z0-9]*)`)?");
    private static final Pattern VARIABLE = Pattern.compile("DARKROOM_[A-Z0-9]+(?:_[A-Z0-9]+)*(?![A-Z0-9_…])");

    /** Variables that are not settings: tools, tests or example programs read them. */
    private static final Set<String> OTHER_VARIABLES = Set.of("DARKROOM_CONF", "DARKROOM_SECOND_JDK");

    private static final Map<String, String> TESTS = sources(Path.of("src/test/java"));
    private static final Map<String, String> CLASSES = sources(Path.of("src/main/java"));

    /** Returns the sources by class name. */
    private static Map<String, String> sources(Path root) {
        try (Stream<Path> files = Files.walk(root)) {
            Map<String, String> sources = new HashMap<>();
            files.filter(file -> file.toString().endsWith(".java"))
                    .forEach(file -> sources.merge(
                            file.getFileName().toString().replace(".java", ""),
                            MarkdownPages.read(file),
                            (one, other) -> one + other));
            return sources;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<MatchResult> found(Pattern pattern, String text) {
        return pattern.matcher(text).results().toList();
    }

    @Test
    void namedTestsExist() {
        List<String> missing = new ArrayList<>();
        for (Path page : MarkdownPages.all()) {
            for (MatchResult name : found(TEST, MarkdownPages.read(page))) {
                String source = TESTS.get(name.group(1));
                if (source == null) {
                    missing.add(page + ": " + name.group(1));
                    continue;
                }
                for (String method : new String[] {name.group(2), name.group(3)}) {
                    if (method != null && !source.matches("(?s).*\\b" + method + " ?[(=].*")) {
                        missing.add(page + ": " + name.group(1) + "." + method);
                    }
                }
            }
        }

        assertThat(missing).as("tests named by the pages that do not exist").isEmpty();
    }

    @Test
    void namedSettingsExist() {
        Set<String> known = SettingVariableNames.variables();
        Set<String> missing = new TreeSet<>();
        for (Path page : MarkdownPages.all()) {
            for (MatchResult name : found(VARIABLE, MarkdownPages.read(page))) {
                // A named backend has the settings of the section of their defaults.
                String variable = name.group().replaceFirst("^DARKROOM_BACKENDS_[A-Z0-9]+_", "DARKROOM_BACKEND_");
                if (!known.contains(variable) && !OTHER_VARIABLES.contains(name.group())) {
                    missing.add(page + ": " + name.group());
                }
            }
        }

        assertThat(missing)
                .as("variables named by the pages that are not settings")
                .isEmpty();
    }

    @Test
    void architectureListsEveryPackage() throws IOException {
        String architecture = MarkdownPages.read(Path.of("docs/architecture.md"));
        Path root = Path.of("src/main/java/dev/darkroom");
        try (Stream<Path> packages = Files.walk(root)) {
            assertThat(packages.filter(Files::isDirectory)
                            .filter(each -> !each.equals(root))
                            .map(each -> root.relativize(each).toString().replace('/', '.'))
                            .filter(each -> !architecture.contains("`" + each + "`") && !each.startsWith("simulator.")))
                    .as("packages that architecture.md does not list")
                    .isEmpty();
        }
    }

    @Test
    void architectureListsEveryVerticle() {
        Set<String> documented = tableCells("verticle", CLASSES::containsKey);
        Set<String> existing = CLASSES.keySet().stream()
                .filter(name -> name.endsWith("Verticle"))
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(documented).containsExactlyInAnyOrderElementsOf(existing);
    }

    @Test
    void architectureListsEveryTable() throws IOException {
        Pattern create = Pattern.compile("CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?([a-z_]+)");
        Set<String> existing = new TreeSet<>();
        try (Stream<Path> files = Files.list(Path.of("src/main/resources/db/migration"))) {
            files.map(MarkdownPages::read)
                    .flatMap(sql -> found(create, sql).stream())
                    .forEach(name -> existing.add(name.group(1)));
        }

        assertThat(tableCells("table", cell -> true)).containsExactlyInAnyOrderElementsOf(existing);
    }

    private static Set<String> tableCells(String heading, Predicate<String> wanted) {
        return MarkdownPages.tableCells(Path.of("docs/architecture.md"), heading).stream()
                .filter(wanted)
                .collect(Collectors.toSet());
    }
}
