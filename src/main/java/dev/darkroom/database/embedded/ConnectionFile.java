package dev.darkroom.database.embedded;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Secret;
import dev.darkroom.database.DatabaseException;
import dev.darkroom.file.DurableFiles;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;

/**
 * The properties file with the connection parameters of the embedded database, readable by its owner alone. It always contains the
 * password, and the port only while the server runs. Blocking.
 *
 * @param path the file
 */
record ConnectionFile(Path path) {
    static final String HOST = "127.0.0.1";
    static final String DATABASE_NAME = "darkroom";

    /** Writes the password and no port. */
    void writeStopped(Secret password) throws IOException {
        DurableFiles.replace(path, "password=" + password.value() + "\n");
    }

    void writeRunning(DatabaseUrl url) throws IOException {
        DurableFiles.replace(
                path,
                "host=" + url.host() + "\nport=" + url.port() + "\ndatabase=" + url.database() + "\nuser=" + url.user()
                        + "\npassword=" + url.password().value() + "\n");
    }

    /** @throws DatabaseException when the file is missing, which holds the only copy of the password */
    Secret password() throws IOException {
        return Optional.ofNullable(properties().getProperty("password"))
                .map(Secret::new)
                .orElseThrow(() -> new DatabaseException(
                        path + " is missing or holds no password; restore it, it is part of the data directory"));
    }

    /** Returns the URL last written; empty if the server was stopped then. */
    Optional<DatabaseUrl> url() throws IOException {
        Properties properties = properties();
        return Optional.ofNullable(properties.getProperty("port"))
                .map(port -> url(Integer.parseInt(port), new Secret(properties.getProperty("password", ""))));
    }

    static DatabaseUrl url(int port, Secret password) {
        return new DatabaseUrl(HOST, port, DATABASE_NAME, DATABASE_NAME, password);
    }

    private Properties properties() throws IOException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(path)) {
            properties.load(reader);
        } catch (NoSuchFileException e) {
            return new Properties();
        }
        return properties;
    }
}
