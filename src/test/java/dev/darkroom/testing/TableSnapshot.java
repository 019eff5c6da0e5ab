package dev.darkroom.testing;

import dev.darkroom.config.DatabaseUrl;
import java.util.List;

/** Summary of table contents, for tests that check that nothing was written. */
public final class TableSnapshot {
    private TableSnapshot() {}

    /** Returns a summary of the generation tables. Two summaries are equal when nothing was written in between. */
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
