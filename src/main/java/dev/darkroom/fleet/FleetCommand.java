package dev.darkroom.fleet;

import dev.darkroom.eventbus.Command;
import dev.darkroom.fleet.FleetResult.BackendStatus;
import dev.darkroom.fleet.FleetResult.BackendStatusList;
import dev.darkroom.fleet.FleetResult.NodeStatusList;
import dev.darkroom.fleet.FleetResult.QueueStatus;

/**
 * Command of an admin on the processes of the database and their AI servers. The fleet verticle of the same process handles it. The
 * sender has checked the role.
 *
 * @param <R> type of the result
 */
public sealed interface FleetCommand<R extends FleetResult> extends Command<R> {
    /** Event-bus address of the commands. */
    String ADDRESS = "darkroom.fleet";

    /** Returns the user that sent the command, for the log. */
    String admin();

    /** Returns the configured backends with their state on each live node. */
    record GetBackends(String admin) implements FleetCommand<BackendStatusList> {}

    /** Stops new calls to a backend in all processes. Has no effect on a drained one. */
    record DrainBackend(String admin, String backend) implements FleetCommand<BackendStatus> {}

    /** Permits calls to a backend again. Has no effect on one that is not drained. */
    record EnableBackend(String admin, String backend) implements FleetCommand<BackendStatus> {}

    /** Returns the live nodes. */
    record GetNodes(String admin) implements FleetCommand<NodeStatusList> {}

    /** Measures the queue of each model. */
    record GetQueue(String admin) implements FleetCommand<QueueStatus> {}
}
