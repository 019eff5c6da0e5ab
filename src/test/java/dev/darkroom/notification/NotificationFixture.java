package dev.darkroom.notification;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import dev.darkroom.database.Migrations;
import dev.darkroom.testing.DarkroomSettings;
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

/** A database with the tables of notifications, and a record to write to, for each test. */
@Tag("database")
abstract class NotificationFixture {
    final Vertx vertx = Vertx.vertx();
    final DatabaseUrl url = TestPostgres.migratedDatabase();
    final Settings settings;
    final Database database;
    final RecordStore record;
    /** What was announced, in that order. */
    final List<Notification> announced = java.util.Collections.synchronizedList(new ArrayList<>());

    NotificationFixture() {
        settings = SettingsLoader.load(DarkroomSettings.quick().database(url).environment(), Path.of("/nowhere/at/all"))
                .settings();
        Migrations.migrate(url, settings.database());
        database = Database.open(vertx, url, settings.database());
        record = new RecordStore(List.of(), announced::addAll);
    }

    @AfterEach
    void close() {
        await(database.close());
        await(vertx.close());
    }

    /** Tells a user something, in a transaction of its own. */
    Future<Void> tell(String... users) {
        List<NewNotification> news = new ArrayList<>();
        for (String user : users) {
            news.add(NewNotification.of(user, "test.happened", null, new JsonObject()));
        }
        return database.inTransaction(connection -> record.write(connection, news))
                .onSuccess(Runnable::run)
                .mapEmpty();
    }

    void tell(String user, int times) {
        for (int i = 0; i < times; i++) {
            await(tell(user));
        }
    }

    void execute(String... sql) {
        TestPostgres.execute(url, sql);
    }

    List<String> query(String sql) {
        return TestPostgres.query(url, sql);
    }

    static <T> T await(Future<T> future) {
        try {
            return future.await(30, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("no result in 30 s", e);
        }
    }
}
