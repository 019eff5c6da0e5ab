package dev.darkroom.testing;

import dev.darkroom.config.DatabaseUrl;
import java.util.List;

/** What is in the tables, for tests that say that nothing has changed there. */
public final class TableSnapshot {
    private TableSnapshot() {}

    /** Every row of every table about generations, summed up. Equal before and after when nothing was written. */
    public static List<String> readAllRows(DatabaseUrl database) {
        return TestPostgres.query(database, """
                SELECT 'generations ' || count(*) || ' ' || coalesce(md5(string_agg(t::text, ' ' ORDER BY t.id)), '')
                  FROM generations t
                UNION ALL SELECT 'queue ' || count(*) FROM generation_queue
                UNION ALL SELECT 'attempts ' || count(*) FROM generation_attempts
                UNION ALL SELECT 'images ' || count(*) FROM images
                UNION ALL SELECT 'notifications ' || count(*) FROM notifications""");
    }
}
