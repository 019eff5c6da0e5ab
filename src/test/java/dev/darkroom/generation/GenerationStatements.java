package dev.darkroom.generation;

/** Statements of the service, for a benchmark that sends the same ones without the service. */
public final class GenerationStatements {
    /** A generation by its id and its user. */
    public static final String FIND = GenerationSql.FIND;

    private GenerationStatements() {}
}
