package dev.darkroom.generation.store;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.FailureClass;
import dev.darkroom.database.Database;
import dev.darkroom.generation.AttemptBilling;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.Cost;
import dev.darkroom.generation.GenerationError;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.TestGenerations;
import dev.darkroom.generation.store.BudgetStore.Reservation;
import dev.darkroom.usage.BudgetLimit;
import dev.darkroom.usage.BudgetLimit.Period;
import dev.darkroom.usage.BudgetLimit.Scope;
import dev.darkroom.usage.BudgetState;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Reservations of budgets, and their end with each end of an attempt. */
@Tag("database")
class BudgetStoreTest {
    private static final BudgetLimit USER_DAY = new BudgetLimit(Scope.USER, "local", Period.DAY, 10);
    private static final BudgetLimit BACKEND_MONTH = new BudgetLimit(Scope.BACKEND, "default", Period.MONTH, 100);
    private static final List<BudgetLimit> BOTH = List.of(USER_DAY, BACKEND_MONTH);
    private static final GenerationError ERROR = new GenerationError("X", FailureClass.SERVER_ERROR, "m", false);
    private static final AttemptBilling COST_4 = new AttemptBilling(true, new Cost(4, Cost.Source.REPORTED));

    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private final BudgetStore budgets = new BudgetStore(queue.database);

    private GenerationLease reserved() {
        GenerationLease lease = queue.submitAndClaim();
        assertThat(await(budgets.reserve(lease, 6, BOTH))).isEqualTo(new Reservation.Reserved());
        assertThat(amounts()).isEqualTo("USER DAY 0 6, BACKEND MONTH 0 6");
        return lease;
    }

    /** Returns spent and reserved of each budget. */
    private static String amounts() {
        return queue.queryValue("SELECT string_agg(concat_ws(' ', scope, period, spent_micros, reserved_micros), ', '"
                + " ORDER BY scope DESC) FROM budgets");
    }

    @Test
    void concurrentReservationsOfTwoProcessesStayWithinTheLimit() {
        // given 60 leases of two processes
        queue.submitAll(Collections.nCopies(60, "local"));
        List<GenerationLease> leases = queue.claim(queue.insertNode(), 60);
        Database other = Database.open(queue.vertx, queue.url, queue.settings.database());
        BudgetStore otherBudgets = new BudgetStore(other);

        // when each process makes four reservations at once
        List<Reservation> reservations = new CopyOnWriteArrayList<>();
        List<Future<Void>> chains = new ArrayList<>(Collections.nCopies(8, Future.succeededFuture()));
        for (int i = 0; i < leases.size(); i++) {
            GenerationLease lease = leases.get(i);
            BudgetStore store = i % 2 == 0 ? budgets : otherBudgets;
            chains.set(
                    i % 8,
                    chains.get(i % 8)
                            .compose(previous -> store.reserve(lease, 3, BOTH))
                            .onSuccess(reservations::add)
                            .mapEmpty());
        }
        await(Future.join(chains));

        // then
        assertThat(reservations)
                .filteredOn(Reservation.Reserved.class::isInstance)
                .hasSize(3);
        assertThat(reservations)
                .filteredOn(each -> each instanceof Reservation.Exceeded exceeded
                        && !exceeded.budget().spentBy(3))
                .hasSize(57);
        assertThat(amounts()).isEqualTo("USER DAY 0 9, BACKEND MONTH 0 9");
        await(other.close());
    }

    @Test
    void repeatedReservationChangesNothing() {
        // given
        GenerationLease lease = reserved();

        // when
        Reservation repeated = await(budgets.reserve(lease, 6, BOTH));

        // then
        assertThat(repeated).isEqualTo(new Reservation.Reserved());
        assertThat(amounts()).isEqualTo("USER DAY 0 6, BACKEND MONTH 0 6");
    }

    @Test
    void spentBudgetIsExceededForGood() {
        // given
        await(queue.outcomeStore.complete(reserved(), GenerationDatabaseFixture.storedImages(1), COST_4));
        assertThat(amounts()).isEqualTo("USER DAY 4 0, BACKEND MONTH 4 0");

        // when
        Reservation tooMuch = await(budgets.reserve(queue.submitAndClaim(), 7, BOTH));

        // then
        BudgetState budget = ((Reservation.Exceeded) tooMuch).budget();
        assertThat(budget.limit()).isEqualTo(USER_DAY);
        assertThat(budget.spentBy(7)).isTrue();
        assertThat(budget.resetsIn()).isBetween(Duration.ofSeconds(1), Duration.ofDays(1));
        assertThat(amounts()).isEqualTo("USER DAY 4 0, BACKEND MONTH 4 0");
    }

    @Test
    void submissionOfUnknownCostNeedsSomethingLeft() {
        // given
        BudgetLimit spent = new BudgetLimit(Scope.USER, "local", Period.DAY, 4);
        await(queue.outcomeStore.complete(reserved(), GenerationDatabaseFixture.storedImages(1), COST_4));

        // then
        assertThat(await(budgets.reserve(queue.submitAndClaim(), 0, List.of(spent))))
                .isInstanceOf(Reservation.Exceeded.class);
    }

    @Test
    void lostLeaseReservesNothing() {
        // given
        GenerationLease lease = queue.submitAndClaim();
        await(queue.outcomeStore.cancel(lease.generationId(), "local"));

        // then
        assertThat(await(budgets.reserve(lease, 6, BOTH))).isEqualTo(new Reservation.LeaseLost());
        assertThat(amounts()).isNull();
    }

    @Test
    void failureSettles() {
        // when
        await(queue.outcomeStore.fail(
                reserved(), AttemptOutcome.PERMANENT, true, TestFailures.SERVER_ERROR, ERROR, COST_4));

        // then
        assertThat(amounts()).isEqualTo("USER DAY 4 0, BACKEND MONTH 4 0");
    }

    @Test
    void retrySettles() {
        // when
        await(queue.outcomeStore.retry(
                reserved(),
                AttemptOutcome.RETRYABLE,
                true,
                TestFailures.SERVER_ERROR,
                Duration.ZERO,
                null,
                TestGenerations.SUBMITTED));

        // then
        assertThat(amounts()).isEqualTo("USER DAY 0 0, BACKEND MONTH 0 0");
        assertThat(queue.queryValue("SELECT reserved_budgets FROM generation_queue"))
                .isNull();
    }

    @Test
    void cancellationSpendsTheExpectedCost() {
        // when
        await(queue.outcomeStore.cancel(reserved().generationId(), "local"));

        // then
        assertThat(amounts()).isEqualTo("USER DAY 6 0, BACKEND MONTH 6 0");
    }

    @Test
    void releaseWithoutAttemptReleasesTheReservation() {
        // when
        boolean held = await(queue.leaseStore.release(reserved(), false, Duration.ofMinutes(1)));

        // then
        assertThat(held).isTrue();
        assertThat(amounts()).isEqualTo("USER DAY 0 0, BACKEND MONTH 0 0");
        assertThat(queue.queryValue("SELECT lease_owner IS NULL AND run_at > now() FROM generation_queue"))
                .isEqualTo("true");
    }

    @Test
    void releaseWithoutDelayKeepsThePlaceInTheQueue() {
        // given
        GenerationLease lease = reserved();
        String dueAt = queue.queryValue("SELECT run_at FROM generation_queue");

        // when
        await(queue.leaseStore.release(lease, true, Duration.ZERO));

        // then
        assertThat(queue.queryValue("SELECT run_at FROM generation_queue")).isEqualTo(dueAt);
        assertThat(amounts()).isEqualTo("USER DAY 0 0, BACKEND MONTH 0 0");
    }

    @Test
    void lostLeaseReleasesNothing() {
        // given a lease that the reaper has settled
        GenerationLease lost = reserved();
        await(queue.outcomeStore.retry(
                lost, AttemptOutcome.LOST, false, TestFailures.SERVER_ERROR, Duration.ZERO, null, COST_4));
        GenerationLease next = queue.claim(queue.insertNode(), 1).get(0);
        await(budgets.reserve(next, 6, BOTH));

        // when
        boolean held = await(queue.leaseStore.release(lost, false, Duration.ZERO));

        // then
        assertThat(held).isFalse();
        assertThat(amounts()).isEqualTo("USER DAY 4 6, BACKEND MONTH 4 6");
    }

    @Test
    void reservationIsSettledInThePeriodOfItsAttempt() {
        // given an attempt that started yesterday and ends today
        GenerationLease lease = queue.submitAndClaim();
        queue.execute("UPDATE generation_queue SET attempt_started_at = now() - interval '1 day'");
        await(budgets.reserve(lease, 6, List.of(USER_DAY)));

        // when
        await(queue.outcomeStore.complete(lease, GenerationDatabaseFixture.storedImages(1), COST_4));

        // then
        assertThat(queue.queryValue("SELECT concat_ws(' ', spent_micros, reserved_micros,"
                        + " starts_on = (now() AT TIME ZONE 'UTC')::date - 1) FROM budgets"))
                .isEqualTo("4 0 t");
        assertThat(await(budgets.find(List.of(USER_DAY))).get(0).spentMicros()).isZero();
    }

    @Test
    void exceededBudgetOfAnEndedPeriodHasReset() {
        // given
        GenerationLease lease = queue.submitAndClaim();
        queue.execute("UPDATE generation_queue SET attempt_started_at = now() - interval '1 day'");

        // when
        Reservation reservation = await(budgets.reserve(lease, 11, List.of(USER_DAY)));

        // then
        assertThat(((Reservation.Exceeded) reservation).budget().resetsIn()).isLessThanOrEqualTo(Duration.ZERO);
    }

    @Test
    void reservationOutlivesALowerLimitAndTheRetentionOfItsPeriod() {
        // given a process that was started with a lower limit, and an old period
        GenerationLease lease = reserved();
        queue.execute("UPDATE budgets SET starts_on = starts_on - 400");
        queue.execute("DELETE FROM budgets WHERE reserved_micros = 0");

        // when
        await(queue.outcomeStore.complete(lease, GenerationDatabaseFixture.storedImages(1), COST_4));

        // then
        assertThat(amounts()).isEqualTo("USER DAY 4 0, BACKEND MONTH 4 0");
    }

    @Test
    void orphanedLeaseKeepsItsReservationUntilTheReaperRecordsIt() {
        // given
        GenerationLease withCost = reserved();

        // then
        assertThat(await(queue.leaseStore.releaseOrphan(withCost.fencingToken())))
                .isFalse();
        assertThat(amounts()).isEqualTo("USER DAY 0 6, BACKEND MONTH 0 6");
        assertThat(await(queue.leaseStore.releaseOrphan(queue.submitAndClaim().fencingToken())))
                .isTrue();
    }

    @Test
    void completionsOfOneBatchSettleTogether() {
        // given
        queue.submitAll(List.of("local", "local", "local"));
        List<GenerationLease> leases = queue.claim(queue.insertNode(), 3);
        await(budgets.reserve(leases.get(0), 2, BOTH));
        await(budgets.reserve(leases.get(1), 3, BOTH));

        // when
        List<UUID> ended = new ArrayList<>();
        queue.callWhileLocked(() -> leases.stream()
                        .map(lease -> queue.outcomeStore.complete(
                                lease, GenerationDatabaseFixture.storedImages(1), TestGenerations.SUBMITTED))
                        .toList())
                .forEach(finished ->
                        ended.add(finished.orElseThrow().generation().id()));

        // then
        assertThat(ended).hasSize(3);
        assertThat(amounts()).isEqualTo("USER DAY 0 0, BACKEND MONTH 0 0");
    }

    @Test
    void stateOfAPeriodWithoutSubmissionsIsEmpty() {
        // when
        List<BudgetState> states = await(budgets.find(BOTH));

        // then
        assertThat(states).extracting(BudgetState::limit).isEqualTo(BOTH);
        assertThat(states).allMatch(state -> state.spentMicros() == 0 && state.reservedMicros() == 0);
        assertThat(states.get(0).resetsIn()).isBetween(Duration.ZERO, Duration.ofDays(1));
        assertThat(states.get(1).resetsIn()).isBetween(Duration.ZERO, Duration.ofDays(31));
        assertThat(states.get(1).resetsAt().getDayOfMonth()).isEqualTo(1);
    }

    @Test
    void stateHasSpentAndReserved() {
        // given
        await(queue.outcomeStore.complete(reserved(), GenerationDatabaseFixture.storedImages(1), COST_4));
        await(budgets.reserve(queue.submitAndClaim(), 6, BOTH));

        // when
        BudgetState day = await(budgets.find(BOTH)).get(0);

        // then
        assertThat(day.spentMicros()).isEqualTo(4);
        assertThat(day.reservedMicros()).isEqualTo(6);
        assertThat(day.exceededBy(1)).isTrue();
        assertThat(day.spentBy(6)).isFalse();
        assertThat(day.describe("USD"))
                .startsWith("the daily budget of the user is exhausted: of 0.00001 USD, 0.000004 are spent and 0.000006"
                        + " reserved. It resets at 20");
    }
}
