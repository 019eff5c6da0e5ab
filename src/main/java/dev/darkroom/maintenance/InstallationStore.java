package dev.darkroom.maintenance;

import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseException;
import dev.darkroom.image.store.ImageStoreOwner;
import io.vertx.core.Future;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Reads the row of the installation: the identity of the database, which its image directory must match, and the versions that may use
 * it. Futures fail with the driver's errors.
 */
public final class InstallationStore {
    private static final String FIND_ID = "SELECT id FROM installation";
    private static final String FIND_MINIMUM_VERSION = "SELECT minimum_version FROM installation";

    /** Selects the newest keys, because the files of the oldest images may have been deleted manually. */
    private static final String FIND_RECENT_KEYS = "SELECT storage_key FROM images ORDER BY id DESC LIMIT 20";

    /** The numbers of a version. Suffixes such as {@code -SNAPSHOT} are not compared. */
    private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+)\\.(\\d+).*");

    private InstallationStore() {}

    /**
     * Fails with a {@link DatabaseException} when a migration of a later version has removed tables or columns that this
     * version uses.
     *
     * @param version of this build; a development build has no number and never fails
     */
    public static Future<Void> requireVersion(Database database, String version) {
        return database.pool().query(FIND_MINIMUM_VERSION).execute().compose(rows -> {
            String minimum = rows.iterator().next().getString("minimum_version");
            return minimum == null || !isOlder(version, minimum)
                    ? Future.succeededFuture()
                    : Future.failedFuture(new DatabaseException("the tables of the database need Darkroom " + minimum
                            + " or newer, this is " + version + "; the upgrade cannot be undone without a backup"));
        });
    }

    static boolean isOlder(String version, String minimum) {
        Matcher numbers = VERSION.matcher(version);
        Matcher minimumNumbers = VERSION.matcher(minimum);
        return numbers.matches()
                && minimumNumbers.matches()
                && Arrays.compare(numbersOf(numbers), numbersOf(minimumNumbers)) < 0;
    }

    private static int[] numbersOf(Matcher version) {
        return IntStream.rangeClosed(1, version.groupCount())
                .map(group -> Integer.parseInt(version.group(group)))
                .toArray();
    }

    /** Reads the id of the database. The returned object queries the recent storage keys on each call. */
    public static Future<ImageStoreOwner> readIdentity(Database database) {
        return database.pool()
                .query(FIND_ID)
                .execute()
                .map(rows -> new ImageStoreOwner(rows.iterator().next().getUUID("id"), () -> findRecentKeys(database)));
    }

    private static Future<List<String>> findRecentKeys(Database database) {
        return database.pool()
                .query(FIND_RECENT_KEYS)
                .execute()
                .map(rows ->
                        rows.stream().map(row -> row.getString("storage_key")).toList());
    }
}
