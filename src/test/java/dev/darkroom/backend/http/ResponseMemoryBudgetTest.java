package dev.darkroom.backend.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResponseMemoryBudgetTest {
    private static final long MIB = 1 << 20;

    /** The table in docs/operations.md. */
    @ParameterizedTest
    @CsvSource({
        // heap, calls, max bytes per call, permit-free KiB, permits, required heap, sufficient (MiB unless stated)
        "128, 4, 64, 4096, 1, 205, false",
        "256, 4, 64, 8192, 1, 233, true",
        "512, 4, 64, 8192, 2, 345, true",
        "1024, 4, 64, 8192, 4, 569, true",
        "256, 64, 64, 512, 1, 240, true",
        "256, 4, 1024, 8192, 1, 1913, false",
        "4096, 64, 64, 8192, 16, 2760, true"
    })
    void computesPermitsAndRequiredHeap(
            long heap, int calls, long maxPerCall, int permitFreeKib, int permits, long required, boolean sufficient) {
        // when
        ResponseMemoryBudget memory = new ResponseMemoryBudget(heap * MIB, calls, (int) (maxPerCall * MIB));

        // then
        List<Integer> granted = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            int number = i;
            memory.acquire(() -> granted.add(number));
        }
        assertThat(granted).hasSize(permits);
        assertThat(memory.permitFreeBytes()).isEqualTo(permitFreeKib * 1024);
        assertThat((memory.requiredHeap() + MIB - 1) / MIB).isEqualTo(required);
        assertThat(memory.isHeapSufficient()).isEqualTo(sufficient);
    }

    @Test
    void grantsPermitsInOrderOfRequests() {
        // given
        ResponseMemoryBudget memory = new ResponseMemoryBudget(256 * MIB, 4, (int) (64 * MIB));
        List<String> granted = new ArrayList<>();
        List.of("a", "b", "c").forEach(name -> memory.acquire(() -> granted.add(name)));
        assertThat(granted).containsExactly("a");

        // when
        memory.release();
        memory.release();
        memory.release();
        memory.acquire(() -> granted.add("d"));
        memory.acquire(() -> granted.add("e"));

        // then
        assertThat(granted).containsExactly("a", "b", "c", "d");
    }
}
