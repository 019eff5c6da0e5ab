package dev.darkroom.database.embedded;

import dev.darkroom.database.DatabaseException;
import java.io.IOException;
import java.nio.file.Path;

/** Runs an embedded database in a process that tests can kill. Stops when its standard input ends. */
final class EmbeddedDatabaseMain {
    static final String READY = "ready";

    private EmbeddedDatabaseMain() {}

    public static void main(String[] args) throws IOException {
        EmbeddedDatabase database;
        try {
            database = EmbeddedDatabase.start(Path.of(args[0]), Path.of(args[1]));
        } catch (DatabaseException e) {
            System.out.println(e.getMessage());
            return;
        }
        System.out.println(READY);
        int read = System.in.read();
        System.out.println("stopping " + read);
        database.close();
    }
}
