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

/** Asks for a picture, listens until its end is told, and acknowledges that. Comes back when the connection is lost. */
public class NotificationListener {
    static final URI API = URI.create(System.getProperty("api", "http://127.0.0.1:8080"));
    /** Where the operator wants everybody known. */
    static final String KEY = System.getProperty("key", "");

    static final HttpClient HTTP = HttpClient.newHttpClient();

    /** What to come back with: the id of the last event. A real program keeps it over restarts. */
    static String cursor = "";

    static long retryMs = 3000;
    static long lastSeq;
    static String waitingFor;

    public static void main(String[] args) throws Exception {
        while (true) {
            try {
                if (listen(args[0])) {
                    return;
                }
            } catch (IOException lost) {
                System.err.println("lost the connection: " + lost.getMessage());
            }
            Thread.sleep(retryMs);
        }
    }

    /** True when the end was told, false when the stream has ended before. */
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
            for (Iterator<String> each = lines.iterator(); each.hasNext(); ) {
                String line = each.next();
                if (line.startsWith("retry: ")) {
                    retryMs = Long.parseLong(line.substring(7));
                } else if (line.startsWith("id: ")) {
                    id = line.substring(4);
                } else if (line.startsWith("event: ")) {
                    event = line.substring(7);
                } else if (line.startsWith("data: ")) {
                    data = line.substring(6);
                } else if (line.isEmpty()) {
                    // A blank line ends an event. Half of one, cut off, counts for nothing.
                    cursor = id;
                    if (heard(event, data)) {
                        return true;
                    }
                    event = "";
                    data = "";
                    // The first event says where the stream stands: from here on nothing is missed.
                    if (waitingFor == null && !cursor.isEmpty()) {
                        waitingFor = create(prompt);
                    }
                }
            }
        }
        return false;
    }

    static boolean heard(String event, String data) throws IOException, InterruptedException {
        if (event.equals("reset")) {
            // Some of what was missed is kept no longer: read GET /api/notifications, and the generations themselves.
            System.err.println("reset " + data);
        }
        if (!event.equals("notification")) {
            return false;
        }
        long seq = Long.parseLong(field(data, "seq"));
        if (seq <= lastSeq) {
            return false; // twice: we have it
        }
        lastSeq = seq;
        System.out.println(data);
        post("/api/notifications/ack", "{\"subscriber\": \"java-example\", \"seq\": " + seq + "}", 200);
        return waitingFor != null && waitingFor.equals(field(data, "generationId"));
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

    /** A JSON library does this better. Null when there is no such field. */
    static String field(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\" ?: ?\"?([^\",}]+)").matcher(json);
        return found.find() ? found.group(1) : null;
    }
}
