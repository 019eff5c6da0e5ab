package dev.darkroom.eventbus;

/** Reason why a command was not executed. The names are error codes of the event-bus contract, {@code docs/event-bus.md}. */
public enum RejectionReason {
    /** The command is invalid. {@link CommandReply.Rejected#errors} may list the invalid fields. */
    INVALID,
    /** The resource does not exist, or belongs to another user. */
    NOT_FOUND,
    /** The state of the resource does not allow the command. */
    CONFLICT,
    /** The idempotency key was used with a different request. */
    KEY_REUSED,
    /** The generation would miss its deadline, or the queue is full. */
    OVERLOADED,
    /** The user has reached a quota. */
    QUOTA_EXCEEDED,
    /** A budget of the user, or of all AI servers of the model, is exhausted. */
    BUDGET_EXCEEDED,
    /** The database or the verticle is unavailable, or a host name cannot be resolved. The command may have been executed. */
    UNAVAILABLE,
    /** An unexpected error; the log has the cause. The command may have been executed. */
    INTERNAL
}
