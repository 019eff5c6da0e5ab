package dev.darkroom.docs;

import java.util.List;

/** The blocks of commands that no test runs, each with the reason. */
final class CommandExceptions {
    private CommandExceptions() {}

    /**
     * A block that is not run.
     *
     * @param page where it stands
     * @param firstLine which names it on its page
     * @param reason for a reader who wonders
     */
    record Skipped(String page, String firstLine, String reason) {
        boolean is(MarkdownPages.Block block) {
            return block.page().toString().equals(page) && block.firstLine().startsWith(firstLine);
        }
    }

    static final List<Skipped> ALL = List.of(
            new Skipped(
                    "README.md",
                    "./mvnw compile exec:java",
                    "It builds the project that runs this test. `.ci/run` runs the second command, the tour below the first."),
            new Skipped("README.md", "./mvnw package", "It builds the jar that the end-to-end tests run."),
            new Skipped(
                    "README.md",
                    "export DARKROOM_BACKEND_URL=",
                    "It needs an AI server and a PostgreSQL of the reader. ExternalDatabaseIT starts the jar with such settings."),
            new Skipped(
                    "README.md",
                    "export DARKROOM_AUTH=required",
                    "It starts a service that does not end and shows a key only in part. KeysIT runs the same commands."),
            new Skipped(
                    "docs/api.md",
                    "$ curl -s http://127.0.0.1:8080/api/generation -H 'Content-Type: application/json' -d '{\"prompt\":\"A boat\"}'",
                    "It needs a service with DARKROOM_AUTH=required. KeysIT asks one without a key."),
            new Skipped(
                    "docs/api.md",
                    "$ curl -s http://127.0.0.1:8080/api/generation -H 'Authorization: Bearer eyJhbGci",
                    "It needs an issuer of tokens. TokensIT sends such tokens."),
            new Skipped(
                    "docs/api.md",
                    "$ curl -i http://127.0.0.1:9080/",
                    "It needs a database that is away. DatabaseAwayIT takes one away."),
            new Skipped(
                    "docs/operations.md",
                    "$ jq -c 'select(",
                    "It reads the log of the reader. LogIT reads such a log."),
            new Skipped(
                    "docs/operations.md",
                    "$ cp -a data backup",
                    "It starts a service that does not end. EmbeddedDatabaseIT starts a service on the data of another."),
            new Skipped(
                    "docs/operations.md",
                    "$ export DARKROOM_DATABASE_URL=",
                    "It needs a PostgreSQL of the reader and starts services that do not end. Fleet starts such processes."));

    static boolean skips(MarkdownPages.Block block) {
        return ALL.stream().anyMatch(one -> one.is(block));
    }
}
