package dev.darkroom.release;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.testing.FreePort;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starts {@code compose.yaml} without Grafana, and kills a node while a client creates generations. */
@Tag("image")
class ComposeStackIT {
    private static final Pattern ID = Pattern.compile("\"id\":\"([^\"]+)\"");
    private static final Pattern IMAGE_URL = Pattern.compile("\"imageUrls\":\\[\"[^\"/]+//[^\"/]+([^\"]+)\"");
    private static final String PROJECT = "darkroom-it";
    private static final int GENERATIONS = 30;
    private static final Duration DEADLINE = Duration.ofMinutes(5);
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    @TempDir
    static Path directory;

    private static Path environment;
    private static URI api;
    private static URI prometheus;

    @BeforeAll
    static void start() throws IOException {
        int apiPort = FreePort.find();
        int prometheusPort = FreePort.find();
        api = URI.create("http://127.0.0.1:" + apiPort);
        prometheus = URI.create("http://127.0.0.1:" + prometheusPort);
        environment = Files.writeString(
                directory.resolve("ports.env"), "NGINX_PORT=" + apiPort + "\nPROMETHEUS_PORT=" + prometheusPort + "\n");
        String image = compose("config", "--images")
                .lines()
                .filter(name -> name.startsWith("darkroom:"))
                .findFirst()
                .orElseThrow();
        Docker.run("build", "--tag", image, ".");
        compose("up", "--detach", "--wait", "nginx", "prometheus");
    }

    @AfterAll
    static void stop() {
        compose("down", "--volumes", "--timeout", "60");
    }

    @Test
    void losesNoGenerationWhenANodeIsKilled() throws Exception {
        // given
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < GENERATIONS; i++) {
            if (i == GENERATIONS / 3) {
                // when
                compose("kill", "darkroom-1");
            }
            ids.add(create(i));
        }

        // then
        for (String id : ids) {
            await().atMost(DEADLINE)
                    .ignoreExceptionsInstanceOf(IOException.class)
                    .untilAsserted(() ->
                            assertThat(get("/api/generation/" + id).body()).contains("\"COMPLETE\""));
        }
        Matcher url = IMAGE_URL.matcher(get("/api/generation/" + ids.get(0)).body());
        assertThat(url.find()).isTrue();
        assertThat(get(url.group(1)).headers().firstValue("content-type")).hasValue("image/png");
    }

    @Test
    void prometheusScrapesTheNodes() {
        await().atMost(DEADLINE)
                .untilAsserted(() -> assertThat(CLIENT.send(
                                        HttpRequest.newBuilder(prometheus.resolve("/api/v1/targets?state=active"))
                                                .build(),
                                        HttpResponse.BodyHandlers.ofString())
                                .body())
                        .contains("\"health\":\"up\""));
    }

    @Test
    void everyServiceIsRestricted() {
        String format =
                "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} {{.HostConfig.Memory}}";
        for (String container : compose("ps", "--all", "--quiet").split("\\s+")) {
            assertThat(Docker.run("inspect", "--format", format, container))
                    .matches("true \\[ALL] \\[no-new-privileges:true] [1-9][0-9]+");
        }
    }

    /** Creates a generation, and repeats the request with the same key until it is accepted. */
    private static String create(int number) {
        HttpRequest request = HttpRequest.newBuilder(api.resolve("/api/generation"))
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", "compose-" + number)
                .POST(HttpRequest.BodyPublishers.ofString("{\"prompt\": \"Lighthouse " + number + "\"}"))
                .build();
        HttpResponse<String> response = await().atMost(DEADLINE)
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(
                        () -> CLIENT.send(request, HttpResponse.BodyHandlers.ofString()),
                        answer -> answer.statusCode() == 202);
        Matcher id = ID.matcher(response.body());
        assertThat(id.find()).isTrue();
        return id.group(1);
    }

    private static HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return CLIENT.send(HttpRequest.newBuilder(api.resolve(path)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private static String compose(String... arguments) {
        return Docker.run(Stream.concat(
                        Stream.of("compose", "--project-name", PROJECT, "--env-file", environment.toString()),
                        Stream.of(arguments))
                .toArray(String[]::new));
    }
}
