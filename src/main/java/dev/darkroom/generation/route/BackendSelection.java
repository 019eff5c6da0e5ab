package dev.darkroom.generation.route;

/** Reason why an attempt was made at its AI server. */
public enum BackendSelection {
    /** The model has no other AI server. */
    ONLY,
    /** The first AI server in the order of the model that accepted calls. */
    ORDER,
    /** Chosen by the weights of the model. */
    WEIGHT,
    /** Another AI server than that of the last failed attempt, or a cheaper one than that for which the budget of the user has no room. */
    FAILOVER,
    /** The AI server has an earlier submission with an unknown outcome. */
    LOOK_UP
}
