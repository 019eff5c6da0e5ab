package dev.darkroom.testing;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;

/** Prepares the image directories of services that tests start. */
public final class TestImageDirectories {
    private static final String MARKER = ".darkroom";

    private TestImageDirectories() {}

    /**
     * Writes the database id into the marker file of the image directory, as an operator does after losing the images. Needed
     * because tests use databases with several directories. Does nothing when the database has no id yet.
     */
    public static void markAsOwned(Path directory, Map<String, String> environment) {
        String url = environment.get("DARKROOM_DATABASE_URL");
        String images = environment.getOrDefault("DARKROOM_IMAGE_DIR", "data/images");
        Path marker = directory.resolve(images).resolve(MARKER);
        if (url == null || Files.exists(marker)) {
            return;
        }
        try {
            String id = databaseId(URI.create(url));
            if (id != null) {
                Files.createDirectories(marker.getParent());
                Files.writeString(marker, id);
            }
        } catch (SQLException | IOException | IllegalArgumentException e) {
            // The service reports the error, or creates the directory itself.
        }
    }

    /** Returns null when the database has no id yet. */
    private static String databaseId(URI url) throws SQLException {
        String[] user = String.valueOf(url.getUserInfo()).split(":", 2);
        String jdbc = "jdbc:postgresql://" + url.getHost() + ":" + url.getPort() + url.getPath()
                + "?connectTimeout=2&socketTimeout=2";
        try (Connection connection = DriverManager.getConnection(jdbc, user[0], user.length > 1 ? user[1] : "");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT id FROM installation")) {
            return rows.next() ? rows.getString(1) : null;
        }
    }
}
