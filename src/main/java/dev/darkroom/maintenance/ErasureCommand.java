package dev.darkroom.maintenance;

import dev.darkroom.eventbus.Command;

/** Command on user erasure. The erasure verticle of the same process handles it. */
public sealed interface ErasureCommand<R> extends Command<R> {
    /** Event-bus address of the commands. */
    String ADDRESS = "darkroom.user";

    /**
     * Erases a user.
     *
     * @param admin user that requested the erasure, for the log
     * @param user name of 1 to 128 characters that PostgreSQL can store
     */
    record EraseUser(String admin, String user) implements ErasureCommand<ErasureProgress> {}

    /** Progress of a stored erasure at the time of the reply. */
    enum ErasureProgress {
        /** All data is deleted. */
        FINISHED,
        CONTINUING
    }
}
