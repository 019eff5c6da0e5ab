package dev.darkroom.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Checks for a container engine before the build compiles anything: {@code java ContainerEngine.java IMAGE...}. Uses only the
 * JDK for that reason. Testcontainers can take minutes to detect that there is no engine.
 */
public final class ContainerEngine {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final Duration PULL_TIMEOUT = Duration.ofMinutes(5);

    private final String address;

    private ContainerEngine(String address) {
        this.address = address;
    }

    /**
     * Checks within seconds that an engine responds, then that it has the images, and pulls missing ones.
     *
     * @param images as {@code docker run} names them
     */
    public static void main(String[] images) {
        try {
            ContainerEngine engine = find();
            System.out.println("Container engine at " + engine.address + ", version " + engine.version());
            for (String image : images) {
                engine.requireImage(image);
                System.out.println("Image " + image + " is available");
            }
        } catch (IOException e) {
            System.err.println("\n" + e.getMessage() + "\n");
            System.exit(1);
        }
    }

    private static ContainerEngine find() throws IOException {
        List<String> tried = new ArrayList<>();
        for (String address : addresses()) {
            ContainerEngine engine = new ContainerEngine(address);
            try {
                if (engine.sendRequest("GET /_ping", TIMEOUT).startsWith("HTTP/1.1 200")) {
                    return engine;
                }
                tried.add(address + " (not a container engine)");
            } catch (IOException e) {
                tried.add(address + " (" + e.getMessage() + ")");
            }
        }
        throw new IOException("The profile \"containers\" needs a container engine such as Docker, and none"
                + " responds. Tried: " + String.join(", ", tried) + ". Set DOCKER_HOST to use another address.");
    }

    /** Returns {@code DOCKER_HOST} when it is set, otherwise the usual socket paths. */
    private static List<String> addresses() {
        String configured = System.getenv("DOCKER_HOST");
        if (configured != null && !configured.isBlank()) {
            return List.of(configured);
        }
        return Stream.of(
                        Optional.of(Path.of("/var/run/docker.sock")),
                        Optional.ofNullable(System.getenv("XDG_RUNTIME_DIR"))
                                .map(directory -> Path.of(directory, "docker.sock")),
                        Optional.of(Path.of(System.getProperty("user.home"), ".docker", "run", "docker.sock")))
                .flatMap(Optional::stream)
                .map(path -> "unix://" + path)
                .toList();
    }

    private String version() throws IOException {
        return field("Version", sendRequest("GET /version", TIMEOUT));
    }

    private void requireImage(String image) throws IOException {
        if (hasImage(image)) {
            return;
        }
        System.out.println("Pulling " + image);
        int colon = image.lastIndexOf(':');
        boolean tagged = colon > image.lastIndexOf('/');
        String name = tagged ? image.substring(0, colon) : image;
        String tag = tagged ? image.substring(colon + 1) : "latest";
        String response = sendRequest("POST /images/create?fromImage=" + name + "&tag=" + tag, PULL_TIMEOUT);
        if (!hasImage(image)) {
            throw new IOException("The container engine at " + address + " has no image " + image
                    + " and cannot pull it: " + field("message|error", response));
        }
    }

    private boolean hasImage(String image) throws IOException {
        return sendRequest("GET /images/" + image + "/json", TIMEOUT).startsWith("HTTP/1.1 200");
    }

    private static String field(String name, String json) {
        Matcher matcher = Pattern.compile("\"(?:" + name + ")\":\"((?:[^\"\\\\]|\\\\.)*)\"")
                .matcher(json);
        return matcher.find() ? matcher.group(1) : json.strip();
    }

    /** Returns the whole response. Uses a thread, because Unix sockets have neither connect nor read timeouts. */
    private String sendRequest(String request, Duration atMost) throws IOException {
        CompletableFuture<String> response = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                response.complete(sendRequest(request));
            } catch (IOException | RuntimeException e) {
                response.completeExceptionally(e);
            }
        });
        thread.setDaemon(true);
        thread.start();
        try {
            return response.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new IOException(String.valueOf(e.getCause().getMessage()), e);
        } catch (TimeoutException e) {
            throw new IOException("no response within " + atMost.toSeconds() + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private String sendRequest(String request) throws IOException {
        URI uri = URI.create(address);
        if ("unix".equals(uri.getScheme())) {
            if (!Files.exists(Path.of(uri.getPath()))) {
                throw new IOException("does not exist");
            }
            try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                SocketAddress socket = UnixDomainSocketAddress.of(uri.getPath());
                channel.connect(socket);
                return sendRequest(request, Channels.newInputStream(channel), Channels.newOutputStream(channel));
            }
        }
        if (!"tcp".equals(uri.getScheme())) {
            throw new IOException("neither unix:// nor tcp://");
        }
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(uri.getHost(), uri.getPort()));
            return sendRequest(request, socket.getInputStream(), socket.getOutputStream());
        }
    }

    private static String sendRequest(String request, InputStream in, OutputStream out) throws IOException {
        out.write((request + " HTTP/1.1\r\nHost: engine\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        out.flush();
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
}
