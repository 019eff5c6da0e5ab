package dev.darkroom.generation.store;

/** Statements of the service, for a benchmark that sends them without the service. */
public final class BenchmarkStatements {
    /** Finds a generation by id and user, as the service would without sharing statements. */
    public static final String FIND = GenerationSql.FIND.replace("g.id = ANY ($1)", "g.id = $1 AND g.user_id = $2");

    private BenchmarkStatements() {}
}
