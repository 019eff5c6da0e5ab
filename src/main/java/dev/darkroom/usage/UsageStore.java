package dev.darkroom.usage;

import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;

/** Reads usage from PostgreSQL. Futures fail with the driver's errors. Usable from any event loop. */
public record UsageStore(Database database) {
    /** Maximum number of days of a period. */
    public static final int MAX_DAYS = 366;

    /** Maximum number of items of a result. */
    public static final int MAX_ITEMS = 10_000;

    /**
     * Usage of a period.
     *
     * @param items by day, user, model and backend; empty for a period of more than {@link #MAX_DAYS} days
     * @param complete false when there are more than {@link #MAX_ITEMS}
     */
    public record Period(LocalDate first, LocalDate last, List<UsageItem> items, boolean complete) {}

    /**
     * Reads the usage of a user.
     *
     * @param first null for the first day of the month of {@code last}
     * @param last null for today
     */
    public Future<Period> readUser(String user, LocalDate first, LocalDate last) {
        return read(UsageSql.READ_USER, user, first, last);
    }

    /** As {@link #readUser}, of all users. */
    public Future<Period> readAll(LocalDate first, LocalDate last) {
        return read(UsageSql.READ_ALL, null, first, last);
    }

    private Future<Period> read(String sql, String user, LocalDate first, LocalDate last) {
        return database.pool()
                .preparedQuery(sql)
                .execute(Tuple.of(user, first, last, MAX_DAYS, MAX_ITEMS + 1))
                .map(rows -> {
                    Row any = rows.iterator().next();
                    List<UsageItem> items = new ArrayList<>();
                    for (Row row : rows) {
                        if (row.getLocalDate("day") != null) {
                            items.add(toItem(row, user == null));
                        }
                    }
                    boolean complete = items.size() <= MAX_ITEMS;
                    return new Period(
                            any.getLocalDate("first"),
                            any.getLocalDate("last"),
                            complete ? items : items.subList(0, MAX_ITEMS),
                            complete);
                });
    }

    private static UsageItem toItem(Row row, boolean withUser) {
        return new UsageItem(
                withUser ? nullIfEmpty(row.getString("user_id")) : null,
                row.getLocalDate("day"),
                nullIfEmpty(row.getString("model")),
                row.getString("backend"),
                new UsageSums(
                        row.getLong("attempts"),
                        row.getLong("submissions"),
                        row.getLong("billable"),
                        row.getLong("successes"),
                        row.getLong("images"),
                        row.getLong("cost_micros"),
                        row.getLong("reported_micros")));
    }

    private static String nullIfEmpty(String text) {
        return text.isEmpty() ? null : text;
    }
}
