package dev.darkroom.backend.callback;

import dev.darkroom.auth.CallbackTokens;
import dev.darkroom.auth.UrlSigningKeys;
import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.SimulatorBackendFixture;
import dev.darkroom.backend.callback.CallbackBackend.CallbackServices;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.BackendType;
import dev.darkroom.generation.store.GenerationDatabaseFixture;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.net.URI;
import java.time.InstantSource;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** A {@link CallbackBackend} with the simulator, a database and a server that receives the results. */
abstract class CallbackFixture extends SimulatorBackendFixture {
    /** Belongs to the running class. Not an extension, which would be closed for the second class of a JVM. */
    static GenerationDatabaseFixture database;

    static CallbackTokens tokens;
    static CallbackReceiver receiver;
    static HttpServer api;

    final RecordingJobListener listener = new RecordingJobListener();
    UUID generationId;

    @BeforeAll
    static void startReceiver() {
        database = new GenerationDatabaseFixture();
        tokens = new CallbackTokens(
                new UrlSigningKeys(database.vertx, database.database, InstantSource.system(), System::nanoTime),
                InstantSource.system());
        receiver = new CallbackReceiver(database.database, database.notifyChannel);
        api = get(database.vertx
                .createHttpServer()
                .requestHandler(CallbackFixture::receive)
                .listen(0, "127.0.0.1"));
    }

    /** Receives a result on another node than the one that waits. */
    private static void receive(HttpServerRequest request) {
        String token = request.path().substring(request.path().lastIndexOf('/') + 1);
        request.body()
                .compose(body ->
                        receiver.receiveResult(CallbackTokens.jobKey(token), CallbackTokens.expiry(token), body))
                .onSuccess(receipt -> request.response()
                        .setStatusCode(receipt == CallbackReceipt.ACCEPTED ? 204 : 410)
                        .end());
    }

    @AfterAll
    static void stopReceiver() {
        get(api.close());
        database.close();
    }

    @AfterEach
    void clearDatabase() {
        database.clear();
    }

    @BeforeEach
    void submitGeneration() {
        generationId = database.submit();
    }

    @Override
    protected BackendSettings backendSettings() {
        return settings("type", BackendType.CALLBACK);
    }

    @Override
    protected ImageBackend createBackend(URI base) {
        return callbackBackend(base.resolve("/callback/jobs"));
    }

    /** @param url of the AI server, with its path */
    CallbackBackend callbackBackend(URI url) {
        return new CallbackBackend(
                database.vertx,
                backendSettings(),
                url,
                memory(),
                MAX_HEADER_BYTES,
                new CallbackServices(
                        database.database,
                        database.notifyChannel,
                        tokens,
                        () -> "http://127.0.0.1:" + api.actualPort()));
    }

    @Override
    protected ImageRequest request(int count) {
        return new ImageRequest(
                generationId.toString(), "a fox", null, 96, 64, count, 7, null, null, InputImages.NONE, 0);
    }
}
