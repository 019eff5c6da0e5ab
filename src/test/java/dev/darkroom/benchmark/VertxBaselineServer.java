package dev.darkroom.benchmark;

import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.Database;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.sqlclient.Tuple;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * Baseline server: plain Vert.x with the options, instances and connections of the service. {@code /select/ID} reads the row
 * of a generation by its primary key, one statement per request, and returns its columns as JSON. {@code /constant/N} returns
 * N bytes. Runs in its own process.
 */
final class VertxBaselineServer extends VerticleBase {
    static final String SELECT = "/select/";
    static final String CONSTANT = "/constant/";

    private static final String FIND = "SELECT * FROM generations WHERE id = $1";

    private final Settings settings;
    private final Database database;
    private HttpServer server;
    private Buffer constant = Buffer.buffer();

    private VertxBaselineServer(Settings settings, Database database) {
        this.settings = settings;
        this.database = database;
    }

    public static void main(String[] args) {
        Settings settings = SettingsLoader.load(System.getenv(), Path.of("")).settings();
        Vertx vertx = Vertx.vertx();
        Database database = Database.open(vertx, settings.database().url(), settings.database());
        vertx.deployVerticle(
                        () -> new VertxBaselineServer(settings, database),
                        new DeploymentOptions().setInstances(settings.api().instances()))
                .onSuccess(id -> System.out.println("listening"))
                .onFailure(Throwable::printStackTrace);
    }

    @Override
    public Future<?> start() {
        HttpServerOptions options = new HttpServerOptions()
                .setIdleTimeout((int) settings.http().idleTimeout().toMillis())
                .setIdleTimeoutUnit(TimeUnit.MILLISECONDS);
        server = vertx.createHttpServer(options).requestHandler(this::handle);
        return server.listen(-1, "127.0.0.1").onSuccess(bound -> System.out.println("port " + bound.actualPort()));
    }

    private void handle(HttpServerRequest request) {
        String path = request.path();
        if (path.startsWith(SELECT)) {
            select(path.substring(SELECT.length()), request.response());
        } else {
            int length = Integer.parseInt(path.substring(CONSTANT.length()));
            if (constant.length() != length) {
                constant = Buffer.buffer("x".repeat(length));
            }
            respond(request.response(), constant);
        }
    }

    private void select(String id, HttpServerResponse response) {
        database.client()
                .preparedQuery(FIND)
                .execute(Tuple.of(UUID.fromString(id)))
                .onSuccess(rows ->
                        respond(response, rows.iterator().next().toJson().toBuffer()))
                .onFailure(error -> response.setStatusCode(500).end(error.toString()));
    }

    private static void respond(HttpServerResponse response, Buffer json) {
        response.putHeader(HttpHeaders.CONTENT_TYPE, "application/json").end(json);
    }
}
