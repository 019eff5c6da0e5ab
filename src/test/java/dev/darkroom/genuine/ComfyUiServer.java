package dev.darkroom.genuine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The running ComfyUI of the system property {@code comfyui.url}. The methods block. */
final class ComfyUiServer {
    private static final String PROPERTY = "comfyui.url";
    private static final String TOOL = "comfyui";
    private static final String NODE = "DarkroomTestSteps";
    private static final Duration START_LIMIT = Duration.ofMinutes(10);

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
    private final URI url;

    private ComfyUiServer(URI url) {
        this.url = url;
    }

    /** Returns the server. Fails without the property, or when the server does not have the node of the tests. */
    static ComfyUiServer connect() throws IOException, InterruptedException {
        assertThat(System.getProperty(PROPERTY))
                .as("-D" + PROPERTY + "=http://127.0.0.1:8188 of a running ComfyUI, see docs/testing.md")
                .isNotBlank();
        ComfyUiServer server = new ComfyUiServer(URI.create(System.getProperty(PROPERTY)));
        assertThat(server.get("/object_info/" + NODE).fieldNames())
                .as(
                        "nodes of the ComfyUI: copy src/test/genuine/comfyui/darkroom_test_nodes.py to its custom_nodes, see docs/testing.md")
                .contains(NODE);
        return server;
    }

    URI url() {
        return url;
    }

    /**
     * Returns a workflow that generates images, counts steps of 0.1 s and saves the images. A prompt such as {@code "fail: text"}
     * fails with the text.
     */
    static String workflow(int steps) {
        return """
                {"1": {"class_type": "EmptyImage", "inputs": {"width": "%%width%%", "height": "%%height%%", "batch_size": "%%count%%", "color": 255}},
                 "2": {"class_type": "DarkroomTestSteps", "inputs": {"images": ["1", 0], "prompt": "%%prompt%%", "seed": "%%seed%%", "steps": %d}},
                 "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "darkroom/%%job%%"}}}""".formatted(steps);
    }

    /** Returns how many jobs with this prompt wait, run or have ended. */
    long countJobs(String prompt) throws IOException, InterruptedException {
        JsonObject queue = get("/queue");
        Stream<Object> queued =
                Stream.of("queue_running", "queue_pending").flatMap(list -> queue.getJsonArray(list).stream());
        Stream<Object> ended =
                get("/history").stream().map(entry -> ((JsonObject) entry.getValue()).getValue("prompt"));
        return Stream.concat(queued, ended)
                .filter(job -> job.toString().contains('"' + prompt + '"'))
                .count();
    }

    /** Returns the number of jobs that wait or run. */
    int countQueued() throws IOException, InterruptedException {
        JsonObject queue = get("/queue");
        return queue.getJsonArray("queue_running").size()
                + queue.getJsonArray("queue_pending").size();
    }

    private JsonObject get(String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(url.resolve(path))
                .timeout(Duration.ofMinutes(1))
                .build();
        return new JsonObject(
                http.send(request, HttpResponse.BodyHandlers.ofString()).body());
    }

    /**
     * Kills the server and returns the command that starts it again. Needs Linux and a server on this machine, which listens itself.
     */
    Killed kill() throws IOException, InterruptedException {
        InetAddress address = InetAddress.getByName(url.getHost());
        assertThat(address.isLoopbackAddress() || NetworkInterface.getByInetAddress(address) != null)
                .as("the ComfyUI runs on this machine: the test kills and restarts it")
                .isTrue();
        ProcessHandle process = findProcess();
        Path proc = Path.of("/proc", Long.toString(process.pid()));
        List<String> command = split(proc.resolve("cmdline"));
        assertThat(String.join(" ", command))
                .as("command of the process that listens on %s; the test kills only a ComfyUI", url)
                .containsIgnoringCase("main.py");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(proc.resolve("cwd").toRealPath().toFile())
                .redirectErrorStream(true)
                .redirectOutput(GenuineTools.target(TOOL).resolve("server.txt").toFile());
        builder.environment().clear();
        split(proc.resolve("environ")).stream()
                .map(variable -> variable.split("=", 2))
                .filter(variable -> variable.length == 2)
                .forEach(variable -> builder.environment().put(variable[0], variable[1]));
        process.destroyForcibly();
        await().atMost(Duration.ofMinutes(1)).until(() -> !listens());
        return new Killed(builder);
    }

    /** A killed server. */
    final class Killed {
        private final ProcessBuilder builder;

        private Killed(ProcessBuilder builder) {
            this.builder = builder;
        }

        /** Starts the server again, as a process that outlives the tests, and waits until it responds. */
        void restart() throws IOException {
            Process process = builder.start();
            await().atMost(START_LIMIT)
                    .pollInterval(1, TimeUnit.SECONDS)
                    .failFast("ComfyUI ended, see target/genuine/comfyui/server.txt", () -> !process.isAlive())
                    .until(ComfyUiServer.this::listens);
        }
    }

    private boolean listens() throws InterruptedException {
        try {
            get("/system_stats");
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static List<String> split(Path file) throws IOException {
        return Arrays.asList(Files.readString(file, StandardCharsets.UTF_8).split("\0"));
    }

    /** Finds the process that listens on the port of the URL. */
    private ProcessHandle findProcess() throws IOException {
        Set<String> sockets;
        String port = ":%04X".formatted(url.getPort());
        try (Stream<String> lines =
                Stream.concat(Files.lines(Path.of("/proc/net/tcp")), Files.lines(Path.of("/proc/net/tcp6")))) {
            sockets = lines.map(line -> line.trim().split("\\s+"))
                    .filter(fields -> fields[1].endsWith(port) && fields[3].equals("0A"))
                    .map(fields -> "socket:[" + fields[9] + "]")
                    .collect(Collectors.toSet());
        }
        return ProcessHandle.allProcesses()
                .filter(process -> hasSocket(process.pid(), sockets))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no process listens on " + url));
    }

    private static boolean hasSocket(long pid, Set<String> sockets) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "fd"))) {
            for (Path file : files) {
                if (sockets.contains(Objects.toString(Files.readSymbolicLink(file)))) {
                    return true;
                }
            }
        } catch (IOException e) {
            // The process has ended or belongs to another user.
        }
        return false;
    }
}
