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

/** Image directories of services that tests start. */
public final class TestImageDirectories {
    private static final String MARKER = ".darkroom";

    private TestImageDirectories() {}

    /**
     * Marks the image directory of a service as the one of its database, as an operator does who has lost the images. Tests
     * share databases and have directories of their own. Does nothing where that is not possible.
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
            // The service will say what is wrong, or make the directory itself.
        }
    }

    /** Null as long as there is none. */
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
