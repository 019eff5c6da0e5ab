package dev.darkroom.docs;

import java.util.List;

/** Blocks of commands that no test runs, each with the reason. */
final class SkippedCommands {
    private SkippedCommands() {}

    /**
     * A block that no test runs.
     *
     * @param page path of the page
     * @param firstLine beginning of the first line, unique on the page
     * @param reason a sentence that says why, and which test covers the behavior
     */
    record SkippedBlock(String page, String firstLine, String reason) {
        boolean matches(MarkdownPages.Block block) {
            return block.page().toString().equals(page) && block.firstLine().startsWith(firstLine);
        }
    }

    static final List<SkippedBlock> SKIPPED_BLOCKS = List.of(
            new SkippedBlock(
                    "README.md",
                    "./mvnw -q compile exec:java",
                    "It starts the service. The tour starts it too, and the other commands of this page run on it."),
            new SkippedBlock("docs/tour.md", "./mvnw package", "It builds the jar that the end-to-end tests run."),
            new SkippedBlock(
                    "docs/tour.md",
                    "export DARKROOM_BACKEND_URL=",
                    "It needs an AI server and a PostgreSQL of the reader. ExternalDatabaseIT starts the jar with such settings."),
            new SkippedBlock(
                    "docs/tour.md",
                    "export DARKROOM_AUTH=required",
                    "It starts a service that does not end and shows a key only in part. KeysCommandIT runs the same commands."),
            new SkippedBlock(
                    "docs/api.md",
                    "$ curl -s http://127.0.0.1:8080/api/generation -H 'Content-Type: application/json' -d '{\"prompt\":\"A boat\"}'",
                    "It needs a service with DARKROOM_AUTH=required. KeysCommandIT sends such a request without a key."),
            new SkippedBlock(
                    "docs/api.md",
                    "$ curl -s http://127.0.0.1:8080/api/generation -H 'Authorization: Bearer eyJhbGci",
                    "It needs a JWT issuer. JwtAuthenticationIT sends such tokens."),
            new SkippedBlock(
                    "docs/api.md",
                    "$ curl -s http://127.0.0.1:8080/api/uploads",
                    "It uploads a file of the reader. InputImagesIT sends such requests."),
            new SkippedBlock(
                    "docs/api.md",
                    "$ curl -i http://127.0.0.1:9080/",
                    "It needs a database that is down. DatabaseOutageIT simulates such an outage."),
            new SkippedBlock(
                    "docs/operations.md",
                    "$ jq -c 'select(",
                    "It reads a log of the reader. LogOutputIT reads such a log."),
            new SkippedBlock(
                    "docs/operations.md",
                    "$ cp -a data backup",
                    "It starts a service that does not end. EmbeddedDatabaseIT starts a service on the data of another."),
            new SkippedBlock(
                    "docs/operations.md",
                    "$ export DARKROOM_DATABASE_URL=",
                    "It needs a PostgreSQL of the reader and starts services that do not end. DarkroomFleet starts such processes."));

    static boolean isSkipped(MarkdownPages.Block block) {
        return SKIPPED_BLOCKS.stream().anyMatch(skipped -> skipped.matches(block));
    }
}
