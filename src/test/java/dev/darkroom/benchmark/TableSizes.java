package dev.darkroom.benchmark;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Sizes of the tables after a number of generations have ended.
 *
 * @param generations ended generations
 * @param tables tables that grow with each generation
 * @param queueBytes bytes of the empty queue with its indexes
 */
record TableSizes(int generations, List<TableSize> tables, long queueBytes) {
    private static final List<String> TABLES = List.of("generations", "generation_attempts", "images", "notifications");

    /** Size of a table with its partitions and TOAST. */
    record TableSize(String table, long rows, long tableBytes, long indexBytes) {}

    /** Executes a statement and returns the first column of each row as text. */
    interface Query {
        List<String> execute(String sql) throws SQLException;
    }

    static TableSizes read(Query database) throws SQLException {
        List<TableSize> tables = new ArrayList<>();
        for (String table : TABLES) {
            tables.add(new TableSize(
                    table,
                    number(database, "SELECT count(*) FROM " + table),
                    size(database, "pg_table_size", table),
                    size(database, "pg_indexes_size", table)));
        }
        return new TableSizes(
                (int) tables.get(0).rows(),
                tables,
                number(database, "SELECT pg_total_relation_size('generation_queue')"));
    }

    /** Returns the size of a table and its partitions. */
    private static long size(Query database, String function, String table) throws SQLException {
        return number(
                database,
                "SELECT coalesce((SELECT sum(%1$s(relid)) FROM pg_partition_tree('%2$s')), %1$s('%2$s'))"
                        .formatted(function, table));
    }

    private static long number(Query database, String sql) throws SQLException {
        return Long.parseLong(database.execute(sql).get(0));
    }

    /** Returns the bytes per generation in tables and indexes. */
    double bytesPerGeneration() {
        return tables.stream()
                        .mapToDouble(size -> size.tableBytes() + size.indexBytes())
                        .sum()
                / generations;
    }

    double rowsPerGeneration() {
        return tables.stream().mapToDouble(TableSize::rows).sum() / generations;
    }
}
