package dev.darkroom.docs;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A command of a page with its output.
 *
 * @param command without the prompt; may have several lines
 * @param output empty when the page shows none
 */
record DocumentedCommand(String command, String output) {
    /** Pages with tested commands. */
    static final List<Path> PAGES = List.of(
            Path.of("README.md"),
            Path.of("docs/tour.md"),
            Path.of("docs/api.md"),
            Path.of("docs/notifications.md"),
            Path.of("docs/webhooks.md"),
            Path.of("docs/operations.md"));

    private static final String PROMPT = "$ ";
    private static final Set<String> SHELL_TAGS = Set.of("sh", "bash", "shell", "console");

    /** Tags of blocks that may be output, or commands without a tag. */
    private static final Set<String> PLAIN_TAGS = Set.of("", "text", "json");

    private static final Pattern COMMAND_LINE = Pattern.compile(
            "(\\$ |(curl|java|\\./mvnw|export|cp|for|jq|psql|kill|docker|npm|[A-Z_]+=\\S+) ).*", Pattern.DOTALL);

    /** Way to run a block. */
    enum Runner {
        /** The block has only HTTP requests. The JDK sends them. */
        REQUESTS,
        /** The block has only settings. The settings loader validates them. */
        SETTINGS,
        /** Bash runs any other block. */
        SHELL
    }

    /** Returns whether a block contains commands, independently of its tag. */
    static boolean isShell(MarkdownPages.Block block) {
        return SHELL_TAGS.contains(block.tag())
                || PLAIN_TAGS.contains(block.tag())
                        && block.text()
                                .lines()
                                .anyMatch(line -> COMMAND_LINE.matcher(line).matches());
    }

    static List<MarkdownPages.Block> blocks(Path page) {
        return MarkdownPages.blocks(page).stream()
                .filter(DocumentedCommand::isShell)
                .toList();
    }

    /** Returns the commands of a block. A block of output that directly follows belongs to the last command. */
    static List<DocumentedCommand> commandsOf(MarkdownPages.Block block) {
        List<DocumentedCommand> commands =
                block.text().lines().anyMatch(line -> line.startsWith(PROMPT)) ? session(block) : script(block);
        List<MarkdownPages.Block> all = MarkdownPages.blocks(block.page());
        int next = all.indexOf(block) + 1;
        if (next < all.size()
                && PLAIN_TAGS.contains(all.get(next).tag())
                && !isShell(all.get(next))
                && MarkdownPages.followsDirectly(block.page(), all.get(next))) {
            int last = commands.size() - 1;
            DocumentedCommand command = commands.get(last);
            commands.set(
                    last,
                    new DocumentedCommand(
                            command.command(),
                            command.output() + "\n" + all.get(next).text()));
        }
        return commands;
    }

    static Runner runner(MarkdownPages.Block block) {
        List<DocumentedCommand> commands = commandsOf(block);
        if (commands.stream().allMatch(command -> CurlRequest.parse(command.command()) != null)) {
            return Runner.REQUESTS;
        }
        return commands.stream().allMatch(command -> ExportCommand.isExportScript(command.command()))
                ? Runner.SETTINGS
                : Runner.SHELL;
    }

    private static List<DocumentedCommand> script(MarkdownPages.Block block) {
        return new ArrayList<>(List.of(new DocumentedCommand(block.text(), "")));
    }

    /** Returns whether the next line belongs to the command: after a backslash, or within quotes. */
    private static boolean isUnfinished(String command) {
        return command.endsWith("\\") || command.chars().filter(c -> c == '\'').count() % 2 == 1;
    }

    private static List<DocumentedCommand> session(MarkdownPages.Block block) {
        List<DocumentedCommand> commands = new ArrayList<>();
        List<String> lines = block.text().lines().toList();
        int i = 0;
        while (i < lines.size()) {
            if (!lines.get(i).startsWith(PROMPT)) {
                throw new IllegalStateException(block + ": output before the first command");
            }
            StringBuilder command = new StringBuilder(lines.get(i).substring(PROMPT.length()));
            while (isUnfinished(command.toString())) {
                i++;
                command.append('\n').append(lines.get(i));
            }
            i++;
            StringBuilder output = new StringBuilder();
            while (i < lines.size() && !lines.get(i).startsWith(PROMPT)) {
                output.append(lines.get(i)).append('\n');
                i++;
            }
            commands.add(new DocumentedCommand(command.toString(), output.toString()));
        }
        return commands;
    }
}
