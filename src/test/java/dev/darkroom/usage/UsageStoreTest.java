package dev.darkroom.usage;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.uuid.Generators;
import dev.darkroom.generation.store.GenerationDatabaseFixture;
import io.vertx.core.Future;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Sums of attempts that exist and of those that were deleted. */
@Tag("database")
class UsageStoreTest {
    private static final LocalDate DAY = LocalDate.of(2026, 11, 23);

    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private final UsageStore store = new UsageStore(queue.database);

    /** Inserts an ended generation of two images, with one attempt per element of {@code attempts}, which ends in a started_at. */
    private static UUID insert(String user, String model, String... attempts) {
        UUID id = Generators.timeBasedEpochRandomGenerator().construct(DAY.toEpochDay() * 86_400_000L + 43_200_000L);
        queue.execute(
                "INSERT INTO generations (id, user_id, prompt, width, height, image_count, seed, model, created_at, status, completed_at)"
                        + " VALUES ('" + id + "', '" + user + "', 'p', 64, 64, 2, 7, " + model
                        + ", '2026-11-23 12:00Z', 'COMPLETE', now())");
        for (int i = 0; i < attempts.length; i++) {
            queue.execute(
                    "INSERT INTO generation_attempts (generation_id, number, lease_token, node_id, backend, selection, finished_at,"
                            + " counted, outcome, error_class, error_code, submitted, cost_micros, cost_source, started_at) VALUES ('"
                            + id + "', " + (i + 1) + ", " + (i + 1) + ", '" + id + "', 'gpu', 'ONLY', now(), true, "
                            + attempts[i]
                            + ")");
        }
        return id;
    }

    private static final String SUCCESS = "'SUCCEEDED', NULL, NULL, true, 40000, 'CONFIGURED', '2026-11-23 12:00:01Z'";
    private static final String LOST = "'TIMEOUT', 'AMBIGUOUS', 'X', true, 40000, 'CONFIGURED', '2026-11-23 12:00:00Z'";
    private static final String LOOK_UP = "'SUCCEEDED', NULL, NULL, false, NULL, NULL, '2026-11-23 12:00:02Z'";
    private static final String REJECTED =
            "'PERMANENT', 'TERMINAL_INPUT', 'X', true, NULL, NULL, '2026-11-23 12:00:00Z'";
    private static final String NEXT_DAY = "'SUCCEEDED', NULL, NULL, true, 5, 'REPORTED', '2026-11-24 00:00:00Z'";

    private UsageStore.Period readAll() {
        return await(store.readAll(DAY, DAY.plusDays(1)));
    }

    @Test
    void sumsAttemptsByDayUserModelAndBackend() {
        // given
        insert("ann", "'flux'", LOST, SUCCESS);
        insert("ann", "'flux'", LOST, LOOK_UP);
        insert("ann", "NULL", REJECTED, NEXT_DAY);
        insert("mary", "'flux'", SUCCESS);

        // when
        UsageStore.Period all = readAll();

        // then
        assertThat(all.items())
                .containsExactly(
                        new UsageItem("ann", DAY, null, "gpu", new UsageSums(1, 1, 0, 0, 0, 0, 0)),
                        new UsageItem("ann", DAY, "flux", "gpu", new UsageSums(4, 3, 3, 2, 4, 120_000, 0)),
                        new UsageItem("mary", DAY, "flux", "gpu", new UsageSums(1, 1, 1, 1, 2, 40_000, 0)),
                        new UsageItem("ann", DAY.plusDays(1), null, "gpu", new UsageSums(1, 1, 1, 1, 2, 5, 5)));
        assertThat(all.items().get(1).sums().lostSubmissions()).isEqualTo(1);
        assertThat(await(store.readUser("mary", DAY, DAY)).items())
                .containsExactly(new UsageItem(null, DAY, "flux", "gpu", new UsageSums(1, 1, 1, 1, 2, 40_000, 0)));
        assertThat(await(store.readUser("nobody", DAY, DAY)).items()).isEmpty();
    }

    @Test
    void deletedGenerationsKeepTheirUsage() {
        // given
        UUID first = insert("ann", "'flux'", LOST, SUCCESS);
        UUID second = insert("ann", "'flux'", SUCCESS);
        insert("mary", "'flux'", SUCCESS);
        List<UsageItem> before = readAll().items();

        // when
        await(queue.generationStore.delete(first, "ann"));
        await(queue.generationStore.delete(second, null));

        // then
        assertThat(queue.queryValue("SELECT count(*) FROM generation_attempts")).isEqualTo("1");
        assertThat(readAll().items()).isEqualTo(before);
    }

    @Test
    void everyReadDuringDeletionsHasEachAttemptOnce() {
        // given
        List<UUID> ids = Stream.generate(() -> insert("ann", "'flux'", LOST, SUCCESS))
                .limit(20)
                .toList();
        List<UsageItem> before = readAll().items();

        // when
        Future<?> deletions = Future.succeededFuture();
        for (UUID id : ids) {
            deletions = deletions.compose(done -> queue.generationStore.delete(id, "ann"));
        }
        List<List<UsageItem>> reads = new ArrayList<>();
        do {
            reads.add(readAll().items());
        } while (!deletions.isComplete());

        // then
        assertThat(reads).containsOnly(before);
        assertThat(queue.queryValue("SELECT count(*) FROM generation_attempts")).isEqualTo("0");
        assertThat(readAll().items()).isEqualTo(before);
    }

    @Test
    void periodDefaultsToTheMonth() {
        // when
        UsageStore.Period toGiven = await(store.readAll(null, DAY));
        UsageStore.Period none = await(store.readUser("ann", null, null));

        // then
        assertThat(toGiven.first()).isEqualTo(LocalDate.of(2026, 11, 1));
        assertThat(none.first().getDayOfMonth()).isEqualTo(1);
        assertThat(none.last())
                .isBetween(none.first(), none.first().plusMonths(1).minusDays(1));
    }

    @Test
    void periodThatIsTooLongHasNoItems() {
        // given
        insert("ann", "'flux'", SUCCESS);

        // then
        assertThat(await(store.readAll(DAY.minusDays(UsageStore.MAX_DAYS - 1), DAY))
                        .items())
                .hasSize(1);
        assertThat(await(store.readAll(DAY.minusDays(UsageStore.MAX_DAYS), DAY)).items())
                .isEmpty();
    }
}
