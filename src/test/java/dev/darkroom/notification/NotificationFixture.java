package dev.darkroom.notification;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseMigrator;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;

/** Creates a migrated database and a {@link NotificationWriter} for each test. */
@Tag("database")
public abstract class NotificationFixture {
    public final Vertx vertx = Vertx.vertx();
    public final DatabaseUrl url = TestPostgres.migratedDatabase();
    public final Settings settings;
    public final Database database;
    final NotificationWriter writer;
    /** Notifications that the writer published after commits, in order. */
    final List<Notification> published = java.util.Collections.synchronizedList(new ArrayList<>());

    public NotificationFixture() {
        settings = SettingsLoader.load(
                        DarkroomInstanceSettings.forTests().database(url).environment(), Path.of("/nowhere/at/all"))
                .settings();
        DatabaseMigrator.migrate(url, settings.database());
        database = Database.open(vertx, url, settings.database());
        writer = new NotificationWriter(List.of(), published::addAll);
    }

    @AfterEach
    void close() {
        await(database.close());
        await(vertx.close());
    }

    /** Writes one notification per listed user, all in one transaction. */
    public Future<Void> writeNotifications(String... users) {
        List<NewNotification> notifications = new ArrayList<>();
        for (String user : users) {
            notifications.add(NewNotification.of(user, "test.happened", null, new JsonObject()));
        }
        return database.inTransaction(scope -> writer.write(scope, notifications));
    }

    /** Writes {@code count} notifications for a user, each in its own transaction. */
    public void writeNotifications(String user, int count) {
        for (int i = 0; i < count; i++) {
            await(writeNotifications(user));
        }
    }

    public void execute(String... sql) {
        TestPostgres.execute(url, sql);
    }

    public List<String> query(String sql) {
        return TestPostgres.query(url, sql);
    }

    public static <T> T await(Future<T> future) {
        try {
            return future.await(60, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("no result in 30 s", e);
        }
    }
}
