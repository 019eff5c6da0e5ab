package dev.darkroom.generation.store;

/** Statements of the service, for a benchmark that sends the same ones without the service. */
public final class BenchmarkStatements {
    /** A generation by its id and its user. */
    public static final String FIND = GenerationSql.FIND;

    private BenchmarkStatements() {}
}
