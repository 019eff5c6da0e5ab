package dev.darkroom.release;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Builds the image of {@code Dockerfile} and runs it as restricted as {@code docs/containers.md} says. */
@Tag("image")
class ContainerImageIT {
    private static final String ID = UUID.randomUUID().toString().substring(0, 8);
    private static final String NETWORK = "darkroom-it-" + ID;
    private static final String DATABASE = "darkroom-it-database-" + ID;
    private static final String NODE = "darkroom-it-node-" + ID;
    private static final String IMAGE = "darkroom:it";
    private static final Duration START = Duration.ofMinutes(3);

    @BeforeAll
    static void buildAndStart() {
        Docker.run("build", "--tag", IMAGE, ".");
        Docker.run("network", "create", NETWORK);
        Docker.run(
                "run",
                "--detach",
                "--name",
                DATABASE,
                "--network",
                NETWORK,
                "--network-alias",
                "postgres",
                "--env",
                "POSTGRES_USER=darkroom",
                "--env",
                "POSTGRES_PASSWORD=secret",
                System.getProperty("darkroom.test.postgresImage"));
        Docker.run(
                "run",
                "--detach",
                "--name",
                NODE,
                "--network",
                NETWORK,
                "--publish",
                "127.0.0.1::8080",
                "--read-only",
                "--tmpfs",
                "/tmp",
                "--cap-drop",
                "ALL",
                "--security-opt",
                "no-new-privileges",
                "--memory",
                "512m",
                "--pids-limit",
                "500",
                "--env",
                "DARKROOM_DATABASE_URL=postgresql://darkroom:secret@postgres/darkroom",
                "--env",
                "DARKROOM_ALLOW_UNAUTHENTICATED_REMOTE=true",
                IMAGE);
        await().atMost(START)
                .pollInterval(Duration.ofSeconds(1))
                .untilAsserted(() -> assertThat(Docker.run("inspect", "--format", "{{.State.Health.Status}}", NODE))
                        .as("%s", Docker.run("logs", NODE))
                        .isEqualTo("healthy"));
    }

    @AfterAll
    static void remove() {
        Docker.tryRun("rm", "--force", "--volumes", NODE, DATABASE);
        Docker.tryRun("network", "rm", NETWORK);
    }

    @Test
    void makesAnImageWithReadOnlyRootAndWithoutCapabilities() throws Exception {
        // given
        URI api = URI.create(
                "http://" + Docker.run("port", NODE, "8080").lines().findFirst().orElseThrow());
        HttpClient client = HttpClient.newHttpClient();

        // when
        HttpResponse<String> generation = client.send(
                HttpRequest.newBuilder(api.resolve("/api/generation"))
                        .header("Content-Type", "application/json")
                        .header("Prefer", "wait=30")
                        .POST(HttpRequest.BodyPublishers.ofString("{\"prompt\": \"A harbour in fog\"}"))
                        .build(),
                HttpResponse.BodyHandlers.ofString());

        // then
        assertThat(generation.body()).contains("\"COMPLETE\"");
        assertThat(Docker.run("inspect", "--format", "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}}", NODE))
                .isEqualTo("true [ALL]");
        assertThat(Docker.run("top", NODE, "-eo", "uid,gid,pid")).containsPattern("10001 +10001");
    }

    @Test
    void usesTheArchiveOfClassData() {
        assertThat(Docker.run(
                        "run",
                        "--rm",
                        "--entrypoint",
                        "/opt/jre/bin/java",
                        IMAGE,
                        "@/opt/darkroom/jvm.options",
                        "-Xshare:on",
                        "-Xlog:class+load",
                        "-jar",
                        "/opt/darkroom/darkroom.jar",
                        "--version"))
                .contains("dev.darkroom.cli.ServeCommand source: shared objects file (top)");
    }

    @Test
    void hasNoShellAndNoPackageManager() {
        for (String program : new String[] {"/bin/sh", "/bin/bash", "/usr/bin/apt-get", "/bin/busybox"}) {
            assertThat(Docker.tryRun("run", "--rm", "--entrypoint", program, IMAGE)
                            .exitCode())
                    .as(program)
                    .isNotZero();
        }
    }

    @Test
    void explainsMissingDatabase() {
        // when
        Docker.Result result =
                Docker.tryRun("run", "--rm", "--env", "DARKROOM_ALLOW_UNAUTHENTICATED_REMOTE=true", IMAGE);

        // then
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.output().lines().reduce((first, second) -> second).orElseThrow())
                .startsWith("darkroom: ")
                .contains("DARKROOM_DATABASE_URL");
    }

    @Test
    void explainsMissingAuthentication() {
        // when
        Docker.Result result = Docker.tryRun("run", "--rm", IMAGE);

        // then
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.output()).contains("auth").contains("DARKROOM_HTTP_HOST");
    }

    @Test
    void stopsOrderlyOnSigterm() {
        // given
        String name = NODE + "-stopped";
        Docker.run(
                "run",
                "--detach",
                "--name",
                name,
                "--network",
                NETWORK,
                "--read-only",
                "--tmpfs",
                "/tmp",
                "--env",
                "DARKROOM_DATABASE_URL=postgresql://darkroom:secret@postgres/darkroom",
                "--env",
                "DARKROOM_ALLOW_UNAUTHENTICATED_REMOTE=true",
                IMAGE);
        try {
            await().atMost(START).until(() -> Docker.run("logs", name).contains("is ready."));

            // when
            Docker.run("stop", "--time", "60", name);

            // then
            assertThat(Docker.run("inspect", "--format", "{{.State.ExitCode}} {{.State.OOMKilled}}", name))
                    .isEqualTo("0 false");
            assertThat(Docker.run("logs", name)).contains("stop step completed step=vertx");
        } finally {
            Docker.tryRun("rm", "--force", "--volumes", name);
        }
    }

    @Test
    void labelsNameVersionAndLicence() {
        assertThat(Docker.run("inspect", "--format", "{{json .Config.Labels}}", IMAGE))
                .contains("\"org.opencontainers.image.title\":\"Darkroom\"")
                .contains("\"org.opencontainers.image.licenses\":\"Apache-2.0\"");
        assertThat(Docker.run("inspect", "--format", "{{.Config.User}}", IMAGE)).isEqualTo("10001:10001");
    }
}
