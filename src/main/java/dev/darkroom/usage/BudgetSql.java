package dev.darkroom.usage;

/** SQL that settles reservations of budgets. */
public final class BudgetSql {
    private BudgetSql() {}

    /**
     * Returns the lists {@code released}, {@code locked_budgets} and {@code settled}: they release the reservations of attempts, and add the
     * costs to the spent amounts. For the statement that ends the attempts, so that a reservation has one end. Rows are locked in one order, so
     * that two transactions do not deadlock. Without reservations no row is read.
     *
     * @param cost expression of the cost of an attempt; null for none
     * @param attempts name of a list with {@code reserved_budgets} and {@code attempt_cost} of the queue rows
     */
    public static String settle(String cost, String attempts) {
        return """
            released AS MATERIALIZED (
              SELECT id, sum(reserved)::bigint AS reserved, sum(cost)::bigint AS cost FROM (
                SELECT unnest(reserved_budgets) AS id, attempt_cost AS reserved, coalesce(%s, 0) AS cost
                FROM %s WHERE reserved_budgets IS NOT NULL) r
              GROUP BY id),
            locked_budgets AS MATERIALIZED (
              SELECT id FROM budgets WHERE id = ANY (ARRAY(SELECT id FROM released)) ORDER BY id FOR UPDATE),
            settled AS (
              UPDATE budgets b SET reserved_micros = b.reserved_micros - r.reserved, spent_micros = b.spent_micros + r.cost
              FROM released r JOIN locked_budgets l ON l.id = r.id WHERE b.id = r.id)""".formatted(cost, attempts);
    }
}
