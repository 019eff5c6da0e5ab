package dev.darkroom.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Batching of values into statements, and the results after a failure. */
class StatementBatcherTest {
    private static final Duration MAX_WAIT = Duration.ofSeconds(60);

    private final AtomicLong nanos = new AtomicLong();
    private final List<List<String>> statements = new ArrayList<>();
    private final List<Promise<List<Integer>>> statementResults = new ArrayList<>();

    private StatementBatcher<String, Integer> batcher(int maxSize, int concurrency, boolean retrySeparately) {
        return new StatementBatcher<>(
                new StatementBatcher.Limits(maxSize, concurrency, MAX_WAIT),
                values -> {
                    statements.add(values);
                    Promise<List<Integer>> result = Promise.promise();
                    statementResults.add(result);
                    return result.future();
                },
                error -> retrySeparately,
                nanos::get);
    }

    private void completeStatement(int statement) {
        statementResults
                .get(statement)
                .complete(statements.get(statement).stream().map(String::length).toList());
    }

    @Test
    void sendsSingleValueImmediately() {
        // when
        Future<Integer> result = batcher(10, 1, false).add("one");

        // then
        assertThat(statements).containsExactly(List.of("one"));
        completeStatement(0);
        assertThat(result.result()).isEqualTo(3);
    }

    @Test
    void combinesValuesWaitingForRunningStatement() {
        // given
        StatementBatcher<String, Integer> statementBatcher = batcher(3, 1, false);
        statementBatcher.add("a");

        // when
        List<Future<Integer>> results = new ArrayList<>();
        for (String value : List.of("bb", "ccc", "dddd", "eeeee")) {
            results.add(statementBatcher.add(value));
        }
        completeStatement(0);

        // then no statement exceeds the limit, and the order is kept
        assertThat(statements).containsExactly(List.of("a"), List.of("bb", "ccc", "dddd"));
        completeStatement(1);
        assertThat(statements.get(2)).containsExactly("eeeee");
        completeStatement(2);
        assertThat(results).extracting(Future::result).containsExactly(2, 3, 4, 5);
    }

    @Test
    void runsStatementsConcurrently() {
        // given
        StatementBatcher<String, Integer> statementBatcher = batcher(10, 2, false);

        // when
        statementBatcher.add("a");
        statementBatcher.add("b");
        statementBatcher.add("c");

        // then
        assertThat(statements).containsExactly(List.of("a"), List.of("b"));
        completeStatement(1);
        assertThat(statements.get(2)).containsExactly("c");
    }

    @Test
    void retriesValuesSeparatelyAfterFailure() {
        // given
        StatementBatcher<String, Integer> statementBatcher = batcher(10, 1, true);
        statementBatcher.add("a");
        Future<Integer> valid = statementBatcher.add("bb");
        Future<Integer> invalid = statementBatcher.add("ccc");
        completeStatement(0);

        // when
        statementResults.get(1).fail("one value violates a constraint");
        completeStatement(2);
        statementResults.get(3).fail("constraint violated");

        // then
        assertThat(statements.subList(2, 4)).containsExactly(List.of("bb"), List.of("ccc"));
        assertThat(valid.result()).isEqualTo(2);
        assertThat(invalid.cause()).hasMessage("constraint violated");
    }

    @Test
    void doesNotRetryPossiblyExecutedStatement() {
        // given
        StatementBatcher<String, Integer> statementBatcher = batcher(10, 1, false);
        statementBatcher.add("a");
        List<Future<Integer>> results = List.of(statementBatcher.add("b"), statementBatcher.add("c"));
        completeStatement(0);

        // when
        statementResults.get(1).fail("the connection broke");

        // then
        assertThat(statements).hasSize(2);
        assertThat(results).allSatisfy(result -> assertThat(result.cause()).hasMessage("the connection broke"));
    }

    @Test
    void failsOnlyValuesOfThrowingStatement() {
        // given
        StatementBatcher<String, Integer> statementBatcher = new StatementBatcher<>(
                new StatementBatcher.Limits(1, 1, MAX_WAIT),
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
    void failsExpiredValueWithoutSendingIt() {
        // given a database that hangs
        StatementBatcher<String, Integer> statementBatcher = batcher(10, 1, false);
        Future<Integer> first = statementBatcher.add("a");
        Future<Integer> late = statementBatcher.add("bb");
        nanos.addAndGet(MAX_WAIT.toNanos() + 1);
        Future<Integer> recent = statementBatcher.add("ccc");

        // when it responds again
        completeStatement(0);

        // then
        assertThat(first.result()).isEqualTo(1);
        assertThat(DatabaseErrorClassifier.isUnavailable(late.cause())).isTrue();
        assertThat(DatabaseErrorClassifier.isOutcomeUnknown(late.cause())).isFalse();
        assertThat(statements).containsExactly(List.of("a"), List.of("ccc"));
        completeStatement(1);
        assertThat(recent.result()).isEqualTo(3);
    }

    @Test
    void combinesManyConcurrentValuesIntoFewStatements() {
        // given
        StatementBatcher<String, Integer> statementBatcher = batcher(64, 2, true);

        // when
        List<Future<Integer>> results = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            results.add(statementBatcher.add("x".repeat(i)));
        }
        for (int statement = 0; statement < statements.size(); statement++) {
            completeStatement(statement);
        }

        // then the first two are alone
        assertThat(statements).extracting(List::size).containsExactly(1, 1, 64, 64, 64, 6);
        for (int i = 0; i < 200; i++) {
            assertThat(results.get(i).result()).isEqualTo(i);
        }
    }

    @Test
    void failsExactlyTheValuesOfFailedStatement() {
        // given
        StatementBatcher<String, Integer> statementBatcher = batcher(2, 1, false);
        List<Future<Integer>> results = new ArrayList<>();
        for (String value : List.of("a", "bb", "ccc", "dddd", "eeeee")) {
            results.add(statementBatcher.add(value));
        }
        completeStatement(0);

        // when
        statementResults.get(1).fail("canceled");
        completeStatement(2);

        // then
        assertThat(results).extracting(Future::failed).containsExactly(false, true, true, false, false);
        assertThat(results.get(4).result()).isEqualTo(5);
    }

    @Test
    @DisplayName("a caller that is gone or fails in its handler does not affect the others")
    void isolatesHandlersOfCallers() {
        // given
        Vertx vertx = Vertx.vertx();
        List<Throwable> reported = new CopyOnWriteArrayList<>();
        vertx.exceptionHandler(reported::add);
        StatementBatcher<String, Integer> statementBatcher = batcher(10, 1, false);
        Promise<List<Integer>> others = Promise.promise();

        // when
        vertx.runOnContext(start -> {
            statementBatcher.add("first");
            statementBatcher.add("a").onSuccess(result -> {
                throw new IllegalStateException("the client is gone");
            });
            statementBatcher.add("nobody waits for it");
            Future<Integer> second = statementBatcher.add("bb");
            completeStatement(0);
            completeStatement(1);
            Future<Integer> later = statementBatcher.add("ccc");
            completeStatement(2);
            Future.all(second, later).<List<Integer>>map(done -> done.list()).onComplete(others);
        });

        // then
        assertThat(others.future().toCompletionStage().toCompletableFuture())
                .succeedsWithin(Duration.ofSeconds(60))
                .isEqualTo(List.of(2, 3));
        await().untilAsserted(() ->
                assertThat(reported).extracting(Throwable::getMessage).containsExactly("the client is gone"));
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void limitsWaitingValues() {
        // given a database that hangs
        StatementBatcher<String, Integer> statementBatcher = batcher(2, 1, false);
        statementBatcher.add("under way");
        List<Future<Integer>> waiting = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            waiting.add(statementBatcher.add("waits"));
        }

        // when
        Future<Integer> rejected = statementBatcher.add("one more");

        // then
        assertThat(waiting).noneMatch(Future::isComplete);
        assertThat(DatabaseErrorClassifier.isUnavailable(rejected.cause())).isTrue();
    }
}
