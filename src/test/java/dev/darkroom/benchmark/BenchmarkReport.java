package dev.darkroom.benchmark;

import java.util.List;

/** Figures of a benchmark. */
interface BenchmarkReport {
    /** Returns all figures as Markdown, without charts. */
    String render();

    /** Returns the ratios to the compared systems as Markdown. */
    String renderRatios();

    List<BarChart> charts();
}
