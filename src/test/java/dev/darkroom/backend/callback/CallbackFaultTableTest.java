package dev.darkroom.backend.callback;

import dev.darkroom.backend.BackendFault;
import dev.darkroom.backend.FaultTable;
import dev.darkroom.backend.HostileServerTests;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Generates the table of faults in {@code docs/backends/callback.md}. */
@Tag("database")
class CallbackFaultTableTest extends CallbackFixture implements HostileServerTests {
    /** Faults without a report, which the attempt awaits until its timeout. */
    private static final Set<String> WITHOUT_REPORT = Set.of(
            "connection dropped",
            "408",
            "504",
            "524",
            "200 with HTML of a proxy",
            "content policy, as an error in a 200",
            "200 with garbage",
            "200 with an empty object",
            "200 with an error",
            "204",
            "response of 100 MB");

    /** The result may arrive before or after the response. */
    private static final Set<String> REJECTED_AFTER_ACCEPT =
            Set.of("502 with HTML of a proxy, after accept", "503 of a proxy, after accept");

    @Override
    protected Duration timeout(BackendFault fault) {
        return WITHOUT_REPORT.contains(fault.label()) ? SHORT_TIMEOUT : super.timeout(fault);
    }

    @Test
    void documentsFaults() {
        assertDocumented(
                new FaultTable("callback", "faults", getClass()),
                Stream.of(
                                BackendFault.common().filter(fault -> !REJECTED_AFTER_ACCEPT.contains(fault.label())),
                                Stream.of(
                                        BackendFault.of(
                                                "502 with HTML of a proxy, after accept and before the result",
                                                "{\"html\":true,\"accepted\":true,\"delay\":\"1s\"}"),
                                        BackendFault.of(
                                                "failed job with `content_policy_violation`",
                                                "{\"failedJob\":\"content_policy_violation: secret\"}"),
                                        BackendFault.of(
                                                "failed job with `insufficient_quota`",
                                                "{\"failedJob\":\"insufficient_quota: secret\"}")),
                                BackendFault.downloads(),
                                BackendFault.urls())
                        .flatMap(part -> part)
                        .toList());
    }
}
