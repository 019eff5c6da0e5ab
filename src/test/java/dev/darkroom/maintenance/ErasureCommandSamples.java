package dev.darkroom.maintenance;

import dev.darkroom.maintenance.ErasureCommand.EraseUser;
import dev.darkroom.maintenance.ErasureCommand.ErasureProgress;
import java.util.List;

/** Commands on user erasure and results of them, at least one of each type. */
public final class ErasureCommandSamples {
    private ErasureCommandSamples() {}

    public static List<ErasureCommand<?>> commands() {
        return List.of(new EraseUser("admin", "anna"));
    }

    public static List<ErasureProgress> results() {
        return List.of(ErasureProgress.values());
    }
}
