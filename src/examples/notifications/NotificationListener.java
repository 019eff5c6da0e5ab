import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Iterator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Creates a generation, waits for the notification of its end and acknowledges it. Reconnects automatically. */
public class NotificationListener {
    static final URI API = URI.create(System.getProperty("api", "http://127.0.0.1:8080"));
    /** API key or token; empty if the server requires no authentication. */
    static final String KEY = System.getProperty("key", "");

    static final HttpClient HTTP = HttpClient.newHttpClient();

    /** Id of the last event, sent when reconnecting. A real program stores it across restarts. */
    static String cursor = "";

    static long retryMs = 3000;
    static long lastSeq;
    static String awaitedId;

    public static void main(String[] args) throws Exception {
        while (true) {
            try {
                if (listen(args[0])) {
                    return;
                }
            } catch (IOException e) {
                System.err.println("connection lost: " + e.getMessage());
            }
            Thread.sleep(retryMs);
        }
    }

    /** Returns true after the notification of the end, false if the stream ended before it. */
    static boolean listen(String prompt) throws IOException, InterruptedException {
        HttpRequest.Builder request = request("/api/notifications/stream").header("Accept", "text/event-stream");
        if (!cursor.isEmpty()) {
            request.header("Last-Event-ID", cursor);
        }
        HttpResponse<Stream<String>> response = HTTP.send(request.build(), BodyHandlers.ofLines());
        if (response.statusCode() != 200) {
            throw new IllegalStateException(response.statusCode() + " " + response.body().toList());
        }
        try (Stream<String> lines = response.body()) {
            String id = cursor;
            String event = "";
            String data = "";
            for (Iterator<String> iterator = lines.iterator(); iterator.hasNext(); ) {
                String line = iterator.next();
                if (line.startsWith("retry: ")) {
                    retryMs = Long.parseLong(line.substring(7));
                } else if (line.startsWith("id: ")) {
                    id = line.substring(4);
                } else if (line.startsWith("event: ")) {
                    event = line.substring(7);
                } else if (line.startsWith("data: ")) {
                    data = line.substring(6);
                } else if (line.isEmpty()) {
                    // A blank line ends an event. An incomplete event is ignored.
                    cursor = id;
                    if (handle(event, data)) {
                        return true;
                    }
                    event = "";
                    data = "";
                    // The first event carries the start position. No later notification can be missed.
                    if (awaitedId == null && !cursor.isEmpty()) {
                        awaitedId = create(prompt);
                    }
                }
            }
        }
        return false;
    }

    static boolean handle(String event, String data) throws IOException, InterruptedException {
        if (event.equals("reset")) {
            // Some missed notifications have expired: read GET /api/notifications and the generations.
            System.err.println("reset " + data);
        }
        if (!event.equals("notification")) {
            return false;
        }
        long seq = Long.parseLong(field(data, "seq"));
        if (seq <= lastSeq) {
            return false; // duplicate
        }
        lastSeq = seq;
        System.out.println(data);
        post("/api/notifications/ack", "{\"subscriber\": \"java-example\", \"seq\": " + seq + "}", 200);
        return awaitedId != null && awaitedId.equals(field(data, "generationId"));
    }

    static String create(String prompt) throws IOException, InterruptedException {
        String id = field(post("/api/generation", "{\"prompt\": \"" + prompt + "\"}", 202), "id");
        System.out.println("created " + id);
        return id;
    }

    static String post(String path, String json, int expected) throws IOException, InterruptedException {
        HttpRequest request = request(path)
                .header("Content-Type", "application/json")
                .timeout(Duration.ofSeconds(30))
                .POST(BodyPublishers.ofString(json))
                .build();
        HttpResponse<String> response = HTTP.send(request, BodyHandlers.ofString());
        if (response.statusCode() != expected) {
            throw new IllegalStateException(response.statusCode() + " " + response.body());
        }
        return response.body();
    }

    static HttpRequest.Builder request(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(API.resolve(path));
        return KEY.isEmpty() ? request : request.header("Authorization", "Bearer " + KEY);
    }

    /** Returns the value of a field; null if it is absent. A real program uses a JSON library. */
    static String field(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\" ?: ?\"?([^\",}]+)").matcher(json);
        return found.find() ? found.group(1) : null;
    }
}
