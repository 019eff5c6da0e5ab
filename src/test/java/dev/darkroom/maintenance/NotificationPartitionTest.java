package dev.darkroom.maintenance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.Settings;
import dev.darkroom.notification.NotificationFixture;
import dev.darkroom.task.PeriodicTaskVerticle;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Tests creating partitions in advance and dropping expired ones. */
class NotificationPartitionTest extends NotificationFixture {
    private static final Duration MONTH = Duration.ofDays(30);

    private void deploy() {
        RetentionTask retention = new RetentionTask(
                vertx, database, null, new Settings.Retention(null, null, null, Duration.ofMinutes(10)), MONTH);
        await(vertx.deployVerticle(new PeriodicTaskVerticle(List.of(retention.task()))));
    }

    private List<String> partitions() {
        return query("SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
                + " WHERE i.inhparent = 'notifications'::regclass ORDER BY 1");
    }

    private void awaitResult(String sql, String expected) {
        Awaitility.await(sql)
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> query(sql).equals(List.of(expected)));
    }

    @Test
    void createsPartitionsForThisWeekAndTheNextThree() {
        // when two processes start at the same time
        deploy();
        deploy();

        // then
        awaitResult("SELECT count(*) FROM pg_inherits WHERE inhparent = 'notifications'::regclass", "5");
        await(writeNotifications("anna"));
        assertThat(query("SELECT count(*) FROM notifications_default")).containsExactly("0");
        assertThat(query("SELECT tableoid::regclass FROM notifications"))
                .containsExactly("notifications_"
                        + query("SELECT to_char(date_trunc('week', now() AT TIME ZONE 'UTC'), 'YYYYMMDD')")
                                .get(0));
    }

    @Test
    void keepsRowsOfAWeekWithoutPartitionInTheDefaultPartition() {
        // given
        await(writeNotifications("anna"));

        // when
        deploy();

        // then only the other weeks have partitions
        awaitResult("SELECT count(*) FROM pg_inherits WHERE inhparent = 'notifications'::regclass", "4");
        await(writeNotifications("anna"));
        assertThat(query("SELECT count(*) FROM notifications_default")).containsExactly("2");
    }

    @Test
    void dropsExpiredPartitionsAndKeepsNewerRows() {
        // given
        NotificationPartitionStore store = new NotificationPartitionStore(database);
        execute(
                "CREATE TABLE notifications_20200106 PARTITION OF notifications FOR VALUES FROM ('2020-01-06Z') TO ('2020-01-13Z')",
                "INSERT INTO user_streams (user_id, last_seq) VALUES ('anna', 3)",
                "INSERT INTO notifications (user_id, seq, id, type, data, created_at) VALUES"
                        + " ('anna', 1, gen_random_uuid(), 'a.b', '{}', '2020-01-07Z'),"
                        + " ('anna', 2, gen_random_uuid(), 'a.b', '{}', now() - interval '40 days'),"
                        + " ('anna', 3, gen_random_uuid(), 'a.b', '{}', now() - interval '29 days')",
                "UPDATE notification_history_start SET started_at = '2020-01-01Z'");

        // when
        List<String> dropped = await(store.drop(MONTH));

        // then
        assertThat(dropped).containsExactly("notifications_20200106", "1 rows of the default partition");
        assertThat(partitions()).containsExactly("notifications_default");
        assertThat(query("SELECT seq FROM notifications")).containsExactly("3");
        assertThat(query("SELECT started_at > now() - interval '41 days' FROM notification_history_start"))
                .containsExactly("t");
    }
}
