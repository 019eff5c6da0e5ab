package dev.darkroom.maintenance;

/** Event-bus address and action of user erasure; {@code docs/event-bus.md} is the contract. Bodies are JSON objects. */
public final class ErasureBus {
    /** Address for commands. The erasure verticle of each process consumes it. */
    public static final String COMMANDS = "darkroom.user";

    /** {@code {"user", "asAdmin": true, "userToErase"}} → {@code {"erased"}}; false while the erasure continues. */
    public static final String ERASE = "erase";

    private ErasureBus() {}
}
