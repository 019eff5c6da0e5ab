package dev.darkroom.generation.store;

/** Statements of the service, for a benchmark that sends them without the service. */
public final class BenchmarkStatements {
    /** Finds a generation by id and user. */
    public static final String FIND = GenerationSql.FIND;

    private BenchmarkStatements() {}
}
