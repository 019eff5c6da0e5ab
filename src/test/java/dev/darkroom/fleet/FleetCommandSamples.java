package dev.darkroom.fleet;

import dev.darkroom.backend.NumberRange;
import dev.darkroom.fleet.FleetCommand.DrainBackend;
import dev.darkroom.fleet.FleetCommand.EnableBackend;
import dev.darkroom.fleet.FleetCommand.GetBackends;
import dev.darkroom.fleet.FleetCommand.GetNodes;
import dev.darkroom.fleet.FleetCommand.GetQueue;
import dev.darkroom.fleet.FleetResult.BackendKeyState;
import dev.darkroom.fleet.FleetResult.BackendOnNode;
import dev.darkroom.fleet.FleetResult.BackendStatus;
import dev.darkroom.fleet.FleetResult.BackendStatusList;
import dev.darkroom.fleet.FleetResult.DeliveryQueue;
import dev.darkroom.fleet.FleetResult.ExecutorState;
import dev.darkroom.fleet.FleetResult.ModelQueue;
import dev.darkroom.fleet.FleetResult.NodeStatus;
import dev.darkroom.fleet.FleetResult.NodeStatusList;
import dev.darkroom.fleet.FleetResult.QueueStatus;
import dev.darkroom.fleet.FleetResult.ReadLimits;
import dev.darkroom.fleet.FleetResult.UserQueue;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Administration commands and their results, at least one of each type, with and without their optional values. */
public final class FleetCommandSamples {
    private static final UUID NODE = UUID.fromString("019a8c1e-0b5f-7a10-8d2e-6f7a8b9c0d1e");
    private static final OffsetDateTime TIME = OffsetDateTime.parse("2026-11-30T08:00:00.123Z");
    private static final BackendStatus DRAINED = new BackendStatus(
            "gpu-1",
            "openai",
            List.of("flux"),
            true,
            "root",
            TIME,
            List.of(new ReadLimits(
                    "flux",
                    TIME,
                    500,
                    NumberRange.between(64, 1024),
                    NumberRange.of(List.of(512L)),
                    null,
                    null,
                    List.of("seed"),
                    Map.of("steps", Map.of("maximum", 50)))),
            List.of(new BackendOnNode(
                    NODE,
                    "vm",
                    "OPEN",
                    TIME,
                    true,
                    1,
                    0,
                    0,
                    List.of(
                            new BackendKeyState("main", "USABLE", null),
                            new BackendKeyState("spare", "QUOTA_EXHAUSTED", TIME)))));
    private static final BackendStatus ENABLED =
            new BackendStatus("gpu-2", "automatic1111", List.of(), false, null, null, List.of(), List.of());

    private FleetCommandSamples() {}

    public static List<FleetCommand<?>> commands() {
        return List.of(
                new GetBackends("root"),
                new DrainBackend("root", "gpu-1"),
                new EnableBackend("root", "gpu-1"),
                new GetNodes("root"),
                new GetQueue("root"));
    }

    public static List<FleetResult> results() {
        return List.of(
                DRAINED,
                ENABLED,
                new BackendStatusList(List.of(DRAINED, ENABLED)),
                new NodeStatusList(List.of(
                        new NodeStatus(NODE, "vm", "1", TIME, true, List.of("api"), 0, null, List.of()),
                        new NodeStatus(
                                NODE,
                                "vm",
                                "1",
                                TIME,
                                false,
                                List.of("api", "worker"),
                                4,
                                3120L,
                                List.of(new ExecutorState("gpu-1", "CLOSED", null, false, 0, 4, 3, List.of()))))),
                new QueueStatus(
                        List.of(
                                new ModelQueue(null, true, 0, 0, null, List.of()),
                                new ModelQueue("flux", false, 2, 1, 7L, List.of(new UserQueue("ann", 2)))),
                        new DeliveryQueue(3, 1, 2L)),
                new QueueStatus(List.of(), new DeliveryQueue(0, 0, null)));
    }
}
