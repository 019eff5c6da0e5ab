package dev.darkroom.benchmark;

/** Role of a compared system in a report. */
enum SystemRole {
    /** The measured service. */
    DARKROOM("Darkroom"),
    /** Another service that does the same work, one job per transaction. */
    PEER("peer"),
    /** Another service that completes several jobs per transaction. */
    BATCHED_PEER("batched peer"),
    /** Upper limit of the machine: less work than the measured service. */
    LIMIT("limit"),
    /** Calculated, not measured. */
    CALCULATION("calculated");

    private final String label;

    SystemRole(String label) {
        this.label = label;
    }

    String label() {
        return label;
    }
}
