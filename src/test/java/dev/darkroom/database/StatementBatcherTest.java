package dev.darkroom.database;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Which writes share a statement, and what becomes of them when it fails. */
class StatementBatcherTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final AtomicLong nanos = new AtomicLong();
    private final List<List<String>> statements = new ArrayList<>();
    private final List<Promise<List<Integer>>> answers = new ArrayList<>();

    private StatementBatcher<String, Integer> batch(int largest, int atOnce, boolean separable) {
        return new StatementBatcher<>(
                new StatementBatcher.Limits(largest, atOnce, PATIENCE),
                values -> {
                    statements.add(values);
                    Promise<List<Integer>> answer = Promise.promise();
                    answers.add(answer);
                    return answer.future();
                },
                error -> separable,
                nanos::get);
    }

    private void answer(int statement) {
        answers.get(statement)
                .complete(statements.get(statement).stream().map(String::length).toList());
    }

    @Test
    void whoComesAloneDoesNotWaitForCompany() {
        // when
        Future<Integer> result = batch(10, 1, false).add("one");

        // then
        assertThat(statements).containsExactly(List.of("one"));
        answer(0);
        assertThat(result.result()).isEqualTo(3);
    }

    @Test
    void whatComesMeanwhileGoesTogether() {
        // given
        StatementBatcher<String, Integer> statementBatcher = batch(3, 1, false);
        statementBatcher.add("a");

        // when
        List<Future<Integer>> results = new ArrayList<>();
        for (String value : List.of("bb", "ccc", "dddd", "eeeee")) {
            results.add(statementBatcher.add(value));
        }
        answer(0);

        // then: not more at once than the limit, in the order in which they came
        assertThat(statements).containsExactly(List.of("a"), List.of("bb", "ccc", "dddd"));
        answer(1);
        assertThat(statements.get(2)).containsExactly("eeeee");
        answer(2);
        assertThat(results).extracting(Future::result).containsExactly(2, 3, 4, 5);
    }

    @Test
    void severalStatementsMayBeUnderWay() {
        // given
        StatementBatcher<String, Integer> statementBatcher = batch(10, 2, false);

        // when
        statementBatcher.add("a");
        statementBatcher.add("b");
        statementBatcher.add("c");

        // then
        assertThat(statements).containsExactly(List.of("a"), List.of("b"));
        answer(1);
        assertThat(statements.get(2)).containsExactly("c");
    }

    @Test
    void oneThatCannotBeWrittenDoesNotSpoilTheOthers() {
        // given
        StatementBatcher<String, Integer> statementBatcher = batch(10, 1, true);
        statementBatcher.add("a");
        Future<Integer> good = statementBatcher.add("bb");
        Future<Integer> bad = statementBatcher.add("ccc");
        answer(0);

        // when
        answers.get(1).fail("one of them breaks a rule");
        answer(2);
        answers.get(3).fail("breaks a rule");

        // then
        assertThat(statements.subList(2, 4)).containsExactly(List.of("bb"), List.of("ccc"));
        assertThat(good.result()).isEqualTo(2);
        assertThat(bad.cause()).hasMessage("breaks a rule");
    }

    @Test
    void whatMayHaveBeenWrittenIsNotSentAgain() {
        // given
        StatementBatcher<String, Integer> statementBatcher = batch(10, 1, false);
        statementBatcher.add("a");
        List<Future<Integer>> results = List.of(statementBatcher.add("b"), statementBatcher.add("c"));
        answer(0);

        // when
        answers.get(1).fail("the connection broke");

        // then
        assertThat(statements).hasSize(2);
        assertThat(results).allSatisfy(result -> assertThat(result.cause()).hasMessage("the connection broke"));
    }

    @Test
    void aStatementThatThrowsFailsItsOwnAndNothingElse() {
        // given
        StatementBatcher<String, Integer> statementBatcher = new StatementBatcher<>(
                new StatementBatcher.Limits(1, 1, PATIENCE),
                values -> {
                    if (values.contains("bad")) {
                        throw new IllegalStateException("a bug");
                    }
                    return Future.succeededFuture(List.of(1));
                },
                error -> false,
                nanos::get);

        // then
        assertThat(statementBatcher.add("bad").cause()).hasMessage("a bug");
        assertThat(statementBatcher.add("good").result()).isEqualTo(1);
    }

    @Test
    void whoHasWaitedForTooLongIsToldSoAndNotWrittenBehindHisBack() {
        // given a database that hangs
        StatementBatcher<String, Integer> statementBatcher = batch(10, 1, false);
        Future<Integer> first = statementBatcher.add("a");
        Future<Integer> late = statementBatcher.add("bb");
        nanos.addAndGet(PATIENCE.toNanos() + 1);
        Future<Integer> young = statementBatcher.add("ccc");

        // when it answers after all
        answer(0);

        // then
        assertThat(first.result()).isEqualTo(1);
        assertThat(DatabaseErrorClassifier.isUnavailable(late.cause())).isTrue();
        assertThat(DatabaseErrorClassifier.isOutcomeUnknown(late.cause())).isFalse();
        assertThat(statements).containsExactly(List.of("a"), List.of("ccc"));
        answer(1);
        assertThat(young.result()).isEqualTo(3);
    }

    @Test
    void notMoreWaitThanAFewStatementsCanTake() {
        // given a database that hangs
        StatementBatcher<String, Integer> statementBatcher = batch(2, 1, false);
        statementBatcher.add("under way");
        List<Future<Integer>> waiting = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            waiting.add(statementBatcher.add("waits"));
        }

        // when
        Future<Integer> refused = statementBatcher.add("one more");

        // then
        assertThat(waiting).noneMatch(Future::isComplete);
        assertThat(DatabaseErrorClassifier.isUnavailable(refused.cause())).isTrue();
    }
}
