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
 * What a simple curl command asks for, sent by the JDK.
 *
 * @param headers names and values in turn
 * @param body null for none
 * @param head whether the output begins with the status line and the headers
 * @param streaming whether the answer has no end
 */
record CurlRequest(String method, String url, List<String> headers, String body, boolean head, boolean streaming) {
    private static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(30))
            .build();

    private static final Duration DEADLINE = Duration.ofSeconds(60);

    /** Null when the command is another, or has options that this class does not know. */
    static CurlRequest parse(String command) {
        List<String> words = ShellWordSplitter.split(command);
        if (words == null || words.isEmpty() || !words.get(0).equals("curl")) {
            return null;
        }
        String method = null;
        String url = null;
        String body = null;
        boolean head = false;
        boolean endless = false;
        List<String> headers = new ArrayList<>();
        Iterator<String> rest = words.subList(1, words.size()).iterator();
        while (rest.hasNext()) {
            String word = rest.next();
            switch (word) {
                case "-s" -> {
                    // Nothing else is written anyway.
                }
                case "-i" -> head = true;
                case "-N" -> endless = true;
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
        return url == null ? null : new CurlRequest(method, url, headers, body, head, endless);
    }

    /**
     * An answer.
     *
     * @param output what curl would print
     */
    record CurlResult(int status, String output) {}

    /**
     * Sends the request.
     *
     * @param enough of an answer without an end: then it is left
     * @param begun is run once, when something of an answer without an end has come
     */
    CurlResult send(Predicate<String> enough, Runnable begun) {
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
            try (InputStream answer = response.body()) {
                if (streaming) {
                    readUntil(answer, output, enough, begun);
                } else {
                    output.append(new String(answer.readAllBytes(), StandardCharsets.UTF_8));
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

    /** The stream ends by itself, or sends something at least every 15 s, so that no read blocks for long. */
    private static void readUntil(InputStream answer, StringBuilder output, Predicate<String> enough, Runnable begun)
            throws IOException {
        long end = System.nanoTime() + DEADLINE.toNanos();
        byte[] part = new byte[8192];
        boolean told = false;
        while (!enough.test(output.toString()) && System.nanoTime() < end) {
            int read = answer.read(part);
            if (read < 0) {
                return;
            }
            output.append(new String(part, 0, read, StandardCharsets.UTF_8));
            if (!told) {
                told = true;
                begun.run();
            }
        }
    }
}
