package dev.darkroom.docs;

import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Predicate;

/**
 * Request of a simple curl command. The JDK's HTTP client sends it.
 *
 * @param headers alternating names and values
 * @param body null for none
 * @param head whether the output begins with the status line and the headers
 * @param streaming whether the response is an endless stream
 */
record CurlRequest(String method, String url, List<String> headers, String body, boolean head, boolean streaming) {
    private static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(30))
            .build();

    private static final Duration DEADLINE = Duration.ofSeconds(60);

    /** Parses a command. Returns null when it is not curl or has unsupported options. */
    static CurlRequest parse(String command) {
        List<String> words = ShellWordSplitter.split(command);
        if (words == null || words.isEmpty() || !words.get(0).equals("curl")) {
            return null;
        }
        String method = null;
        String url = null;
        String body = null;
        boolean head = false;
        boolean streaming = false;
        List<String> headers = new ArrayList<>();
        Iterator<String> rest = words.subList(1, words.size()).iterator();
        while (rest.hasNext()) {
            String word = rest.next();
            switch (word) {
                case "-s" -> {
                    // Only affects progress output, which this class does not produce.
                }
                case "-i" -> head = true;
                case "-N" -> streaming = true;
                case "-I" -> {
                    head = true;
                    method = "HEAD";
                }
                case "-X" -> method = rest.next();
                case "-d" -> body = rest.next();
                case "-H" -> {
                    String[] header = rest.next().split(": ?", 2);
                    headers.add(header[0]);
                    headers.add(header[1]);
                }
                default -> {
                    if (word.startsWith("-") || url != null) {
                        return null;
                    }
                    url = word;
                }
            }
        }
        if (method == null) {
            method = body == null ? "GET" : "POST";
        }
        return url == null ? null : new CurlRequest(method, url, headers, body, head, streaming);
    }

    /**
     * Result of a request.
     *
     * @param output as curl would print it
     */
    record CurlResult(int status, String output) {}

    /**
     * Sends the request.
     *
     * @param complete ends a stream when it accepts the output so far
     * @param onFirstBytes runs once, after the first bytes of a stream
     */
    CurlResult send(Predicate<String> complete, Runnable onFirstBytes) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url))
                .timeout(DEADLINE)
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (body != null && !headers.contains("Content-Type")) {
            request.header("Content-Type", "application/x-www-form-urlencoded");
        }
        if (!headers.isEmpty()) {
            request.headers(headers.toArray(String[]::new));
        }
        try {
            HttpResponse<InputStream> response = HTTP.send(request.build(), BodyHandlers.ofInputStream());
            StringBuilder output = new StringBuilder();
            if (head) {
                output.append("HTTP/1.1 ")
                        .append(HttpResponseStatus.valueOf(response.statusCode()))
                        .append('\n');
                response.headers()
                        .map()
                        .forEach((name, values) -> values.forEach(value ->
                                output.append(name).append(": ").append(value).append('\n')));
                output.append('\n');
            }
            try (InputStream in = response.body()) {
                if (streaming) {
                    readUntil(in, output, complete, onFirstBytes);
                } else {
                    output.append(new String(in.readAllBytes(), StandardCharsets.UTF_8));
                }
            }
            return new CurlResult(response.statusCode(), output.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Reads a stream until {@code complete}. A read blocks for at most 15 s, the interval of pings. */
    private static void readUntil(
            InputStream in, StringBuilder output, Predicate<String> complete, Runnable onFirstBytes)
            throws IOException {
        long end = System.nanoTime() + DEADLINE.toNanos();
        byte[] part = new byte[8192];
        boolean started = false;
        while (!complete.test(output.toString()) && System.nanoTime() < end) {
            int read = in.read(part);
            if (read < 0) {
                return;
            }
            output.append(new String(part, 0, read, StandardCharsets.UTF_8));
            if (!started) {
                started = true;
                onFirstBytes.run();
            }
        }
    }
}
