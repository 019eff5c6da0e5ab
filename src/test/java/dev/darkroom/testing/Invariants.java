package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** What holds in the tables whatever has happened, as SQL that names every row for which it does not. */
public final class Invariants {
    private Invariants() {}

    /** Checks the tables, and the pictures that they name below a directory. */
    public static void check(DatabaseUrl database, Path imageDir) {
        none(database, "PENDING and a queue row come together", """
                SELECT coalesce(g.id, q.generation_id)
                FROM generations g FULL JOIN generation_queue q ON q.generation_id = g.id
                WHERE (coalesce(g.status, '') = 'PENDING') <> (q.generation_id IS NOT NULL)""");
        none(database, "a success is recorded once, and exactly for what is COMPLETE", """
                SELECT g.id FROM generations g WHERE (g.status = 'COMPLETE')::int <> (
                  SELECT count(*) FROM generation_attempts a WHERE a.generation_id = g.id AND a.outcome = 'SUCCEEDED')""");
        none(database, "failed_attempts counts the attempts without success", """
                SELECT g.id FROM generations g WHERE g.failed_attempts <> (
                  SELECT count(*) FROM generation_attempts a WHERE a.generation_id = g.id AND a.outcome <> 'SUCCEEDED')""");
        none(database, "attempts are numbered without a gap", """
                SELECT generation_id FROM generation_attempts GROUP BY generation_id
                HAVING min(number) <> 1 OR max(number) <> count(*)""");
        none(database, "what is COMPLETE has the pictures asked for, and nothing else has any", """
                SELECT g.id FROM generations g
                WHERE CASE WHEN g.status = 'COMPLETE' THEN g.image_count ELSE 0 END <> (
                  SELECT count(*) FROM images i WHERE i.generation_id = g.id)""");
        TestPostgres.query(database, "SELECT storage_key || ' ' || sha256 FROM images")
                .forEach(image -> checkPicture(imageDir, image.split(" ", 2)));
    }

    private static void none(DatabaseUrl database, String rule, String violations) {
        assertThat(TestPostgres.query(database, violations)).as(rule).isEmpty();
    }

    private static void checkPicture(Path imageDir, String[] image) {
        try {
            byte[] bytes = Files.readAllBytes(imageDir.resolve(image[0]));
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
            assertThat(HexFormat.of().formatHex(digest)).as(image[0]).isEqualTo(image[1]);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
