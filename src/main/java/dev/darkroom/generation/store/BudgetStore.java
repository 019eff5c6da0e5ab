package dev.darkroom.generation.store;

import dev.darkroom.database.Database;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.queue.LeasedQueueStore;
import dev.darkroom.usage.BudgetLimit;
import dev.darkroom.usage.BudgetState;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;

/** Reserves budgets for submissions in PostgreSQL. Futures fail with the driver's errors. Usable from any event loop. */
public record BudgetStore(Database database) {

    /** Result of a reservation. */
    public sealed interface Reservation {
        /** The expected cost is reserved. */
        record Reserved() implements Reservation {}

        /** The lease is lost. Nothing is reserved. */
        record LeaseLost() implements Reservation {}

        /**
         * A limit would be exceeded. Nothing is reserved.
         *
         * @param budget in the period of the attempt
         */
        record Exceeded(BudgetState budget) implements Reservation {}
    }

    /**
     * Reserves the expected cost of a submission on all budgets, or on none.
     *
     * @param limits not empty
     */
    public Future<Reservation> reserve(GenerationLease generationLease, long expectedCost, List<BudgetLimit> limits) {
        return tryReserve(generationLease, expectedCost, limits, true);
    }

    private Future<Reservation> tryReserve(
            GenerationLease generationLease, long expectedCost, List<BudgetLimit> limits, boolean createsMissing) {
        return database.pool()
                .preparedQuery(GenerationBudgetSql.RESERVE)
                .execute(parameters(generationLease, expectedCost, limits))
                .compose(rows -> {
                    Row row = rows.iterator().next();
                    if (!row.getBoolean("held")) {
                        return Future.succeededFuture(new Reservation.LeaseLost());
                    }
                    if (row.getBoolean("permitted")) {
                        return Future.succeededFuture(new Reservation.Reserved());
                    }
                    if (row.getLong("n") == null && row.getBoolean("missing") && createsMissing) {
                        // The first submission of a period.
                        return database.pool()
                                .preparedQuery(GenerationBudgetSql.CREATE)
                                .execute(parameters(generationLease, expectedCost, limits))
                                .compose(created -> tryReserve(generationLease, expectedCost, limits, false));
                    }
                    return row.getLong("n") == null
                            ? Future.failedFuture("the rows of the budgets are missing")
                            : Future.succeededFuture(
                                    new Reservation.Exceeded(toState(limits.get((int) (row.getLong("n") - 1)), row)));
                });
    }

    private static Tuple parameters(GenerationLease generationLease, long expectedCost, List<BudgetLimit> limits) {
        return addLimits(
                LeasedQueueStore.tokenParameters(generationLease.fencingToken()).addLong(expectedCost), limits);
    }

    private static Tuple addLimits(Tuple values, List<BudgetLimit> limits) {
        return values.addValue(column(limits, limit -> limit.scope().name()))
                .addValue(column(limits, BudgetLimit::owner))
                .addValue(column(limits, limit -> limit.period().name()))
                .addValue(limits.stream().map(BudgetLimit::micros).toArray(Long[]::new));
    }

    private static String[] column(List<BudgetLimit> limits, Function<BudgetLimit, String> value) {
        return limits.stream().map(value).toArray(String[]::new);
    }

    /** Returns the state of the current periods, in the order of the limits. */
    public Future<List<BudgetState>> find(List<BudgetLimit> limits) {
        return database.pool()
                .preparedQuery(GenerationBudgetSql.FIND)
                .execute(addLimits(Tuple.tuple(), limits))
                .map(rows -> {
                    List<BudgetState> states = new ArrayList<>(limits.size());
                    Iterator<BudgetLimit> limit = limits.iterator();
                    for (Row row : rows) {
                        states.add(toState(limit.next(), row));
                    }
                    return states;
                });
    }

    private static BudgetState toState(BudgetLimit limit, Row row) {
        return new BudgetState(
                limit,
                row.getLong("spent_micros"),
                row.getLong("reserved_micros"),
                row.getOffsetDateTime("resets_at"),
                Duration.ofSeconds(row.getLong("resets_in")));
    }
}
