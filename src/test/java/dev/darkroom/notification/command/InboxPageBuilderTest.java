package dev.darkroom.notification.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.notification.Notification;
import dev.darkroom.notification.NotificationCursor;
import dev.darkroom.notification.NotificationPresenter;
import dev.darkroom.notification.NotificationResult.InboxPage;
import dev.darkroom.notification.NotificationStore.StreamState;
import dev.darkroom.notification.StreamResetReason;
import io.vertx.core.json.JsonObject;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests positions, next cursors and resets of inbox pages. */
class InboxPageBuilderTest {
    private static final UUID EPOCH = UUID.fromString("7f3a2b9c-0000-4000-8000-000000000000");

    private static InboxPage page(String cursor, long lastSeq, long... seqs) {
        List<Notification> notifications = LongStream.of(seqs)
                .mapToObj(seq -> new Notification(
                        UUID.randomUUID(),
                        "anna",
                        seq,
                        "a.b",
                        null,
                        OffsetDateTime.parse("2026-11-27T10:00:00Z"),
                        null,
                        new JsonObject()))
                .toList();
        return InboxPageBuilder.create(
                        new StreamState(EPOCH, lastSeq),
                        Optional.ofNullable(cursor).flatMap(NotificationCursor::parse))
                .build(notifications, 2, 0);
    }

    @Test
    void leavesNotificationsInsertedDuringTheReadToTheNextPage() {
        // given an empty page, and a notification 6 inserted after the page was read
        InboxPage page = page("7f3a2b9c-5", 5);

        // then the position is before it
        assertThat(page.reset()).isNull();
        assertThat(page.position()).hasToString("7f3a2b9c-5");
    }

    @Test
    void includesNotificationsInsertedAfterTheStreamStateWasRead() {
        assertThat(page("7f3a2b9c-5", 5, 6, 7).position()).hasToString("7f3a2b9c-7");
    }

    @Test
    void hasNextCursorOnlyWhenMoreNotificationsFollow() {
        // given pages of two
        InboxPage full = page("7f3a2b9c-0", 3, 1, 2, 3);
        InboxPage last = page("7f3a2b9c-2", 3, 3);
        InboxPage exactlyFull = page("7f3a2b9c-1", 3, 2, 3);

        // then
        assertThat(NotificationPresenter.toJson(full).getString("nextCursor"))
                .isEqualTo("7f3a2b9c-2")
                .isEqualTo(full.position().toString());
        assertThat(full.items()).hasSize(2);
        assertThat(NotificationPresenter.toJson(last).containsKey("nextCursor")).isFalse();
        assertThat(NotificationPresenter.toJson(exactlyFull).containsKey("nextCursor"))
                .isFalse();
        assertThat(exactlyFull.position()).hasToString("7f3a2b9c-3");
    }

    @ParameterizedTest
    @CsvSource({
        "7f3a2b9c-3, 5, EXPIRED", // all notifications after the cursor were deleted
        "7f3a2b9c-6, 5, BEYOND_END",
        "00000000-1, 5, EPOCH_CHANGED"
    })
    void reportsResetWhenTheCursorCannotResume(String cursor, long lastSeq, StreamResetReason reset) {
        assertThat(page(cursor, lastSeq).reset()).isEqualTo(reset);
    }

    @Test
    void reportsNoResetWithoutCursor() {
        assertThat(page(null, 5).reset()).isNull();
        assertThat(page(null, 5, 4, 5).reset()).isNull();
    }

    @Test
    void reportsResetWhenNotificationsAfterTheCursorWereDeleted() {
        assertThat(page("7f3a2b9c-1", 5, 4, 5).reset()).isEqualTo(StreamResetReason.EXPIRED);
    }
}
