package dev.darkroom.notification;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Tests that sequence numbers have no gaps and become visible in order, under rollbacks and concurrent writes. */
class NotificationWriterTest extends NotificationFixture {

    @Test
    void assignsNumbersWithoutGapsWhenTransactionsRollBack() {
        // given
        Random random = new Random(7);
        List<Future<?>> all = new ArrayList<>();

        // when concurrent transactions write for several users and some of them roll back
        for (int i = 0; i < 200; i++) {
            String[] users = Stream.of("anna", "bert", "carl", "dora")
                    .filter(user -> random.nextBoolean())
                    .toArray(String[]::new);
            if (users.length > 0) {
                boolean rollBack = random.nextInt(4) == 0;
                all.add(database.inTransaction(scope -> writer.write(
                                        scope,
                                        Stream.of(users)
                                                .map(user -> NewNotification.of(user, "a.b", null, new JsonObject()))
                                                .toList())
                                .compose(done -> rollBack ? Future.failedFuture("no") : Future.succeededFuture()))
                        .otherwiseEmpty());
            }
        }
        await(Future.join(all));

        // then
        assertThat(query("""
                SELECT user_id FROM user_streams s WHERE last_seq <> (SELECT count(*) FROM notifications n WHERE n.user_id = s.user_id)
                  OR last_seq <> (SELECT max(seq) FROM notifications n WHERE n.user_id = s.user_id)""")).isEmpty();
        assertThat(query("SELECT user_id FROM user_streams")).hasSize(4);
    }

    @Test
    void readerSeesAllLowerNumbers() throws Exception {
        // given a reader that runs concurrently with the writers
        AtomicBoolean stopped = new AtomicBoolean();
        List<String> gaps = new ArrayList<>();
        Thread reader = new Thread(() -> {
            while (!stopped.get()) {
                gaps.addAll(query("SELECT 'up to ' || max(seq) || ' there are ' || count(*) FROM notifications"
                        + " WHERE user_id = 'anna' HAVING max(seq) <> count(*)"));
            }
        });
        reader.start();

        // when
        for (int round = 0; round < 10; round++) {
            await(Future.join(IntStream.range(0, 30)
                    .mapToObj(i -> writeNotifications("anna"))
                    .toList()));
        }
        stopped.set(true);
        reader.join();

        // then
        assertThat(gaps).isEmpty();
        assertThat(query("SELECT max(seq) FROM notifications")).containsExactly("300");
    }

    @Test
    void numbersNotificationsOfOneTransactionInOrder() {
        await(writeNotifications("anna", "bert", "anna", "anna"));

        assertThat(published.stream().filter(one -> one.userId().equals("anna")).map(Notification::seq))
                .containsExactly(1L, 2L, 3L);
    }

    @Test
    void notificationsOfDifferentUsersHaveDifferentIds() {
        // given users without notifications, so all get the same sequence number in the same millisecond
        String[] users = IntStream.range(0, 1_000).mapToObj(i -> "user" + i).toArray(String[]::new);

        // when
        await(writeNotifications(users));

        // then
        assertThat(published).extracting(Notification::id).hasSize(1_000).doesNotHaveDuplicates();
        assertThat(published).extracting(one -> one.id().toString()).containsExactlyElementsOf(storedIds());
    }

    private List<String> storedIds() {
        return query("SELECT id FROM notifications ORDER BY substr(user_id, 5)::int");
    }

    @Test
    void rollsBackAndPublishesNothingWhenAListenerFails() {
        // given
        NotificationWriter failing = new NotificationWriter(
                List.of((scope, notifications) -> Future.failedFuture("not today")), published::addAll);

        // then
        assertThatThrownBy(() -> await(database.inTransaction(scope ->
                        failing.write(scope, List.of(NewNotification.of("anna", "a.b", null, new JsonObject()))))))
                .hasMessageContaining("not today");
        assertThat(query("SELECT 1 FROM notifications UNION ALL SELECT 1 FROM user_streams"))
                .isEmpty();
        assertThat(published).isEmpty();
    }
}
