package dev.darkroom.fleet;

import dev.darkroom.backend.NumberRange;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Result of a {@link FleetCommand}. Immutable. Its components have the names of the OpenAPI contract. */
public sealed interface FleetResult {

    /** @param backends in the order of the configuration */
    record BackendStatusList(List<BackendStatus> backends) implements FleetResult {
        public BackendStatusList {
            backends = List.copyOf(backends);
        }
    }

    /**
     * Configured backend.
     *
     * @param type protocol, as in the settings
     * @param models models that use it; without those that have no name
     * @param drained whether an admin stopped the start of calls
     * @param drainedBy the admin; null unless drained, and after the erasure of the admin
     * @param drainedAt null unless drained
     * @param readLimits limits that were read from it, one for each of its models
     * @param nodes its state on each live node: for this process the present state, for others as of their last heartbeat
     */
    record BackendStatus(
            String name,
            String type,
            List<String> models,
            boolean drained,
            String drainedBy,
            OffsetDateTime drainedAt,
            List<ReadLimits> readLimits,
            List<BackendOnNode> nodes)
            implements FleetResult {
        public BackendStatus {
            models = List.copyOf(models);
            readLimits = List.copyOf(readLimits);
            nodes = List.copyOf(nodes);
        }
    }

    /**
     * Limits that the process of the reply read from an AI server. A limit is null when the AI server states none.
     *
     * @param model name of the model at the AI server; null for its default
     * @param unsupported fields of a request that the model does not have
     * @param parameters JSON Schemas by name
     */
    record ReadLimits(
            String model,
            OffsetDateTime readAt,
            Integer maxPromptLength,
            NumberRange width,
            NumberRange height,
            NumberRange count,
            NumberRange seed,
            List<String> unsupported,
            Map<String, Map<String, Object>> parameters) {}

    /**
     * State of a backend on a node, see {@code BackendJson.toJson}.
     *
     * @param node id of the node
     * @param openUntil end of the open time of the breaker; null unless it is open
     */
    record BackendOnNode(
            UUID node,
            String host,
            String breaker,
            OffsetDateTime openUntil,
            boolean drained,
            long retryAfterMs,
            int concurrency,
            int availablePermits,
            List<BackendKeyState> apiKeys) {
        public BackendOnNode {
            apiKeys = List.copyOf(apiKeys);
        }
    }

    /**
     * State of an API key of a backend in a process, see {@code BackendKeyStatus}.
     *
     * @param cooldownUntil null when it is not in cooldown, and when its file is missing
     */
    record BackendKeyState(String name, String state, OffsetDateTime cooldownUntil) {}

    /** @param nodes oldest first */
    record NodeStatusList(List<NodeStatus> nodes) implements FleetResult {
        public NodeStatusList {
            nodes = List.copyOf(nodes);
        }
    }

    /**
     * Live node, as of its last heartbeat, except for the backends of this process.
     *
     * @param roles as in the setting {@code node.roles}
     * @param concurrency number of concurrent calls; 0 when the node makes none now
     * @param averageAttemptMs average duration of an attempt in milliseconds; null before the first one has ended
     * @param backends empty before the first heartbeat, and when the node calls no AI server
     */
    record NodeStatus(
            UUID id,
            String host,
            String version,
            OffsetDateTime startedAt,
            boolean draining,
            List<String> roles,
            int concurrency,
            Long averageAttemptMs,
            List<ExecutorState> backends) {
        public NodeStatus {
            roles = List.copyOf(roles);
            backends = List.copyOf(backends);
        }

        /** Returns a copy with other states of its backends. */
        NodeStatus withBackends(List<ExecutorState> states) {
            return new NodeStatus(id, host, version, startedAt, draining, roles, concurrency, averageAttemptMs, states);
        }
    }

    /**
     * State of a backend, see {@code BackendJson.toJson}.
     *
     * @param openUntil end of the open time of the breaker; null unless it is open
     */
    record ExecutorState(
            String name,
            String breaker,
            OffsetDateTime openUntil,
            boolean drained,
            long retryAfterMs,
            int concurrency,
            int availablePermits,
            List<BackendKeyState> apiKeys) {
        public ExecutorState {
            apiKeys = List.copyOf(apiKeys);
        }
    }

    /** @param models configured models in their order, then other models with unfinished generations */
    record QueueStatus(List<ModelQueue> models, DeliveryQueue deliveries) implements FleetResult {
        public QueueStatus {
            models = List.copyOf(models);
        }
    }

    /**
     * Unfinished generations of a model.
     *
     * @param model null in a configuration without names of models
     * @param configured false for a model that the configuration does not have; then its generations wait until their deadline
     * @param waiting number of generations without a running attempt, also those with a delayed retry
     * @param oldestWaitSeconds seconds since the due time of the generation that is due longest; null when none is due
     * @param users at most ten with waiting generations, those with most first
     */
    record ModelQueue(
            String model,
            boolean configured,
            long waiting,
            long running,
            Long oldestWaitSeconds,
            List<UserQueue> users) {
        public ModelQueue {
            users = List.copyOf(users);
        }
    }

    /**
     * Unfinished webhook deliveries of all users.
     *
     * @param waiting number of deliveries without a running attempt, also those with a delayed retry
     * @param oldestWaitSeconds seconds since the due time of the delivery that is due longest; null when none is due
     */
    record DeliveryQueue(long waiting, long running, Long oldestWaitSeconds) {}

    /** @param waiting number of generations of the user that wait for the model */
    record UserQueue(String user, long waiting) {}
}
