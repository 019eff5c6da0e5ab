package dev.darkroom.database;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;

/** Opens a {@link Database} on an empty database for each test. */
@Tag("database")
abstract class DatabaseFixture {
    final Vertx vertx = Vertx.vertx();
    DatabaseUrl url;
    Database database;

    @BeforeEach
    void open() {
        url = TestPostgres.newDatabase();
        database = Database.open(vertx, url, TestDatabaseSettings.of(url));
    }

    @AfterEach
    void close() {
        await(database.close());
        await(vertx.close());
    }

    static Throwable failureOf(Future<?> future) {
        return await(future.<Throwable>map(result -> new AssertionError("did not fail"))
                .otherwise(e -> e));
    }

    static <T> T await(Future<T> future) {
        try {
            return future.await(60, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("no result in 30 s", e);
        }
    }
}
