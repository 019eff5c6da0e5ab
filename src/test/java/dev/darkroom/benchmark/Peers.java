package dev.darkroom.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Peers of {@code src/benchmark/peers}: their tables, and the processes that run them. */
final class Peers {
    /** Regular expression of the port in the output of a peer. */
    static final String PORT = "port (\\d+)";

    /** Text in the output of a ready peer. */
    static final String READY = "ready";

    private static final Path DIRECTORY = Path.of("src", "benchmark", "peers").toAbsolutePath();
    private static final Path RIVER = Path.of("target", "peers", "river").toAbsolutePath();

    private final ApiBenchmarkDatabase database;
    private final StubAiServer aiServer;
    private final Path imageDirectory;

    Peers(ApiBenchmarkDatabase database, StubAiServer aiServer, Path imageDirectory) {
        this.database = database;
        this.aiServer = aiServer;
        this.imageDirectory = imageDirectory;
    }

    /** Creates the tables of the peers and permits them to create their own. */
    void createTables() throws IOException, SQLException {
        database.execute("GRANT CREATE ON DATABASE " + database.url().database() + " TO darkroom");
        database.execute(Files.readString(DIRECTORY.resolve("schema.sql")));
        database.execute(DbSchedulerPeer.TABLE);
    }

    /**
     * Returns the environment of a peer.
     *
     * @param concurrency concurrent AI calls of the service; 0 for a service that only accepts and reads
     */
    Map<String, String> environment(int concurrency) {
        return Map.of(
                "PEER_DATABASE", database.urlSetting(),
                "PEER_JDBC", database.url().jdbcUrl(),
                "PEER_USER", database.url().user(),
                "PEER_PASSWORD", database.url().password().value(),
                "PEER_STUB", aiServer.url() + "/images/generations",
                "PEER_IMAGES", imageDirectory.toString(),
                "PEER_CONCURRENCY", String.valueOf(concurrency),
                // Node writes files with four threads by default and advises a larger pool when these calls delay
                // others.
                "UV_THREADPOOL_SIZE", "20",
                "NODE_ENV", "production");
    }

    static Map<String, String> withBatches(Map<String, String> environment) {
        Map<String, String> batches = new HashMap<>(environment);
        batches.put("PEER_BATCHES", "true");
        return batches;
    }

    static List<String> nestCommand() {
        return nodeCommand("dist/nestjs/main.js");
    }

    /** Returns the command that runs a script of the directory of peers with the Node of their packages. */
    static List<String> nodeCommand(String script) {
        return List.of(
                DIRECTORY.resolve("node_modules/.bin/node").toString(),
                DIRECTORY.resolve(script).toString());
    }

    static List<String> riverCommand() {
        return List.of(RIVER.toString());
    }

    static List<String> dbSchedulerCommand() {
        return javaCommand("-cp", System.getProperty("java.class.path"), DbSchedulerPeer.class.getName());
    }

    static List<String> javaCommand(String... arguments) {
        List<String> command = new ArrayList<>(List.of(JavaProcess.javaExecutable()));
        command.addAll(DarkroomProcess.FLAGS);
        command.addAll(Arrays.asList(arguments));
        return command;
    }

    /** Starts the NestJS service without a worker. Blocks. */
    ExternalProcess startNest(Path directory) throws IOException, InterruptedException {
        return ExternalProcess.start(directory, nestCommand(), environment(0), READY);
    }
}
