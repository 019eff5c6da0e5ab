package dev.darkroom.maintenance;

/** The event-bus interface of erasures; {@code docs/event-bus.md} is its contract. Bodies are plain JSON. */
public final class ErasureBus {
    /** The address of commands. Answered by the erasure verticle. */
    public static final String COMMANDS = "darkroom.user";

    /** {@code {"user", "anybodys": true, "erase"}} → {@code {"erased"}}: false while the erasure goes on. */
    public static final String ERASE = "erase";

    private ErasureBus() {}
}
