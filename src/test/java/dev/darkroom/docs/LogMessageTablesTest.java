package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Checks that the tables of {@code docs/log-messages.md} list every message that the server logs at INFO, WARN or ERROR, and no other. */
class LogMessageTablesTest {
    private static final Path MAIN = Path.of("src/main/java/dev/darkroom");
    private static final Pattern LOG_CALL = Pattern.compile("\\.log\\(|\\bLOG\\.(?:info|warn|error)\\(");
    private static final Pattern LITERAL = Pattern.compile("\"((?:[^\"\\\\\n]++|\\\\.)*+)\"");
    private static final Pattern STATEMENT_START = Pattern.compile("[;{}]|->");

    /** Returns the sources of the server: all but those of the simulator and of the other commands. */
    private static List<String> sources() throws IOException {
        try (Stream<Path> files = Files.walk(MAIN)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .filter(file ->
                            !file.startsWith(MAIN.resolve("simulator")) && !file.startsWith(MAIN.resolve("cli")))
                    .map(MarkdownPages::read)
                    .toList();
        }
    }

    @Test
    void tablesListEveryMessageAboveDebug() throws IOException {
        List<String> sources = sources();
        Set<String> logged = new TreeSet<>();
        for (String source : sources) {
            LOG_CALL.matcher(source)
                    .results()
                    .filter(call -> !statementBefore(source, call.start()).contains("atDebug()"))
                    .forEach(call -> logged.addAll(messages(sources, source, call)));
        }

        assertThat(logged).hasSizeGreaterThan(100);
        assertThat(MarkdownPages.tableCells(Path.of("docs/log-messages.md"), "message"))
                .containsExactlyInAnyOrderElementsOf(logged);
    }

    private static String statementBefore(String source, int end) {
        return STATEMENT_START.splitAsStream(source.substring(0, end)).reduce("", (previous, last) -> last);
    }

    /** Returns the messages of a call: its literals, or those of the calls that pass the message as a parameter. */
    private static List<String> messages(List<String> sources, String source, MatchResult call) {
        String arguments = arguments(source, call.end());
        List<String> literals = literals(arguments);
        boolean fluent = call.group().equals(".log(");
        String withoutLiterals = LITERAL.matcher(arguments).replaceAll("");
        if (arguments.isEmpty() || fluent && withoutLiterals.contains(",")) {
            // A method of ours, such as settings.log(). The fluent method of SLF4J has one argument.
            return List.of();
        }
        if (!literals.isEmpty()) {
            return fluent ? literals : literals.subList(0, 1);
        }
        List<String> passed = passedMessages(sources, source, call.start(), arguments);
        assertThat(passed)
                .as("literals passed as %s to:%n%s", arguments, source)
                .isNotEmpty();
        return passed;
    }

    /** Returns the last literal of each call of the method or constructor with this parameter that precedes a position. */
    private static List<String> passedMessages(List<String> sources, String source, int end, String parameter) {
        Matcher declaration = Pattern.compile("(\\w+)\\([^()]*\\bString " + parameter + "\\b[^()]*\\) \\{")
                .matcher(source);
        String name = null;
        while (declaration.find() && declaration.start() < end) {
            name = declaration.group(1);
        }
        assertThat(name)
                .as("declaration of the parameter %s in:%n%s", parameter, source)
                .isNotNull();
        Pattern calls = Pattern.compile("\\b" + name + "\\(");
        boolean constructor = Character.isUpperCase(name.charAt(0));
        return (constructor ? sources.stream() : Stream.of(source))
                .flatMap(caller -> calls.matcher(caller).results().map(call -> arguments(caller, call.end())))
                .map(LogMessageTablesTest::literals)
                .filter(literals -> !literals.isEmpty())
                .map(literals -> literals.get(literals.size() - 1))
                .toList();
    }

    private static List<String> literals(String code) {
        return LITERAL.matcher(code).results().map(literal -> literal.group(1)).toList();
    }

    /** Returns the code from a position up to the parenthesis that closes the one before it. */
    private static String arguments(String source, int begin) {
        int depth = 1;
        boolean quoted = false;
        for (int at = begin; at < source.length(); at++) {
            char c = source.charAt(at);
            if (c == '"' && source.charAt(at - 1) != '\\') {
                quoted = !quoted;
            } else if (!quoted && c == '(') {
                depth++;
            } else if (!quoted && c == ')' && --depth == 0) {
                return source.substring(begin, at).strip();
            }
        }
        throw new AssertionError("no closing parenthesis:\n" + source.substring(begin));
    }
}
