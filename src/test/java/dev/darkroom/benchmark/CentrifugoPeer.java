package dev.darkroom.benchmark;

import dev.darkroom.testing.FreePort;
import dev.darkroom.testing.SseLoadClient;
import io.vertx.core.json.JsonObject;
import java.io.File;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Centrifugo, a streaming server written in Go. Configured with a history in memory, so that it can recover missed events. */
final class CentrifugoPeer implements StreamingPeer {
    private final int port;
    private final ExternalProcess externalProcess;

    /** Fails when Centrifugo is neither on the path nor named by the system property {@code benchmark.centrifugo}. */
    CentrifugoPeer(Path directory) throws IOException, InterruptedException {
        port = FreePort.find();
        Files.createDirectories(directory);
        Path configuration = directory.resolve("config.json");
        Files.writeString(configuration, new JsonObject("""
                {
                  "http_server": {"address": "127.0.0.1"},
                  "client": {"insecure": true},
                  "http_api": {"insecure": true},
                  "uni_sse": {"enabled": true},
                  "channel": {"without_namespace": {
                    "history_size": 100, "history_ttl": "300s", "force_recovery": true}},
                  "log": {"level": "info"}
                }""").encode());
        externalProcess = ExternalProcess.start(
                directory,
                List.of(executable().toString(), "--config", configuration.toString(), "--http_server.port", "" + port),
                Map.of(),
                "serving");
    }

    private static Path executable() {
        String configured = System.getProperty("benchmark.centrifugo", "");
        Stream<Path> candidates = configured.isEmpty()
                ? Stream.of(System.getenv("PATH").split(File.pathSeparator))
                        .map(directory -> Path.of(directory, "centrifugo"))
                : Stream.of(Path.of(configured));
        return candidates
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(
                        "needs Centrifugo on the path, or -Dbenchmark.centrifugo=FILE, as by `go install"
                                + " github.com/centrifugal/centrifugo/v6@v6.9.1`"));
    }

    @Override
    public String name() {
        return "Centrifugo";
    }

    @Override
    public ProcessHandle handle() {
        return externalProcess.handle();
    }

    @Override
    public int port() {
        return port;
    }

    @Override
    public byte[] subscribeRequest(String channel) {
        String connect = new JsonObject()
                .put("subs", new JsonObject().put(channel, new JsonObject()))
                .encode();
        return SseLoadClient.request(
                "/connection/uni_sse?cf_connect=" + URLEncoder.encode(connect, StandardCharsets.UTF_8));
    }

    @Override
    public HttpRequest publishRequest(String channel, String json) {
        return ConstantRateLoad.post(port, "/api/publish", "{\"channel\":\"" + channel + "\",\"data\":" + json + "}");
    }

    @Override
    public void close() throws InterruptedException {
        externalProcess.close();
    }
}
