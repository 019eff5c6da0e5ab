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

/** Numbers: without a gap, in the order in which they can be seen, whatever is rolled back and whoever writes at the same moment. */
class NotificationWriterTest extends NotificationFixture {

    @Test
    void aUsersNumbersHaveNoGapWhateverIsRolledBack() {
        // given
        Random random = new Random(7);
        List<Future<?>> all = new ArrayList<>();

        // when many write at once, several of them for several users, and some of it is rolled back
        for (int i = 0; i < 200; i++) {
            String[] users = Stream.of("anna", "bert", "carl", "dora")
                    .filter(user -> random.nextBoolean())
                    .toArray(String[]::new);
            if (users.length > 0) {
                boolean regretted = random.nextInt(4) == 0;
                all.add(database.inTransaction(connection -> writer.write(
                                        connection,
                                        Stream.of(users)
                                                .map(user -> NewNotification.of(user, "a.b", null, new JsonObject()))
                                                .toList())
                                .compose(done -> regretted ? Future.failedFuture("no") : Future.succeededFuture()))
                        .otherwiseEmpty());
            }
        }
        await(Future.join(all));

        // then
        assertThat(query("""
                SELECT user_id FROM user_streams s WHERE top_seq <> (SELECT count(*) FROM notifications n WHERE n.user_id = s.user_id)
                  OR top_seq <> (SELECT max(seq) FROM notifications n WHERE n.user_id = s.user_id)""")).isEmpty();
        assertThat(query("SELECT user_id FROM user_streams")).hasSize(4);
    }

    @Test
    void whoSeesANumberSeesAllBeforeIt() throws Exception {
        // given a reader beside the writers
        AtomicBoolean over = new AtomicBoolean();
        List<String> gaps = new ArrayList<>();
        Thread reader = new Thread(() -> {
            while (!over.get()) {
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
        over.set(true);
        reader.join();

        // then
        assertThat(gaps).isEmpty();
        assertThat(query("SELECT max(seq) FROM notifications")).containsExactly("300");
    }

    @Test
    void severalOfOneUserInOneTransactionAreNumberedInTheirOrder() {
        await(writeNotifications("anna", "bert", "anna", "anna"));

        assertThat(published.stream().filter(one -> one.userId().equals("anna")).map(Notification::seq))
                .containsExactlyInAnyOrder(1L, 2L, 3L);
        assertThat(query("SELECT seq FROM notifications WHERE user_id = 'anna' ORDER BY id"))
                .containsExactly("1", "2", "3");
    }

    @Test
    void whatAListenerRefusesIsNotWrittenAndNotAnnounced() {
        // given
        NotificationWriter strict = new NotificationWriter(
                List.of((connection, notifications) -> Future.failedFuture("not today")), published::addAll);

        // then
        assertThatThrownBy(() -> await(database.inTransaction(connection -> strict.write(
                                connection, List.of(NewNotification.of("anna", "a.b", null, new JsonObject()))))
                        .onSuccess(Runnable::run)))
                .hasMessageContaining("not today");
        assertThat(query("SELECT 1 FROM notifications UNION ALL SELECT 1 FROM user_streams"))
                .isEmpty();
        assertThat(published).isEmpty();
    }
}
