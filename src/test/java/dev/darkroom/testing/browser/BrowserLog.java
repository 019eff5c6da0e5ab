package dev.darkroom.testing.browser;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.logging.Level;
import java.util.regex.Pattern;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;

/** Requests and errors of all tabs of a browser. Violations of the Content-Security-Policy are errors of the console. Not thread-safe. */
public final class BrowserLog {
    /** Excludes pages and pictures of the browser itself, and URLs with data. */
    private static final String NETWORK_URL = "(?s)(?:https?|wss?):.*";

    private final ChromeDriver driver;
    private final Map<String, BrowserRequest> requests = new LinkedHashMap<>();
    private final List<String> errors = new ArrayList<>();
    private final List<Pattern> permittedErrors = new ArrayList<>();
    private final Set<String> ownOrigins = new HashSet<>();

    BrowserLog(ChromeDriver driver) {
        this.driver = driver;
    }

    /** Permits requests to the origin of this URL, as {@link BrowserSession#open} does. */
    public void addOwnOrigin(URI page) {
        ownOrigins.add(origin(page.toString()));
    }

    /** Permits errors of the console that contain a match of the regular expression, such as a rejected request that a test causes. */
    public void permitErrors(String expression) {
        permittedErrors.add(Pattern.compile(expression));
    }

    /** Returns all requests so far, in order, redirects included. */
    public List<BrowserRequest> requests() {
        readNewEntries();
        return List.copyOf(requests.values());
    }

    /** Returns the requests whose method and path, such as {@code POST /api/generation}, match the regular expression. */
    public List<BrowserRequest> requests(String expression) {
        Pattern pattern = Pattern.compile(expression);
        return requests().stream()
                .filter(request -> pattern.matcher(request.methodAndPath()).matches())
                .toList();
    }

    /** Returns the errors of the console that no test permitted: exceptions, failed requests and violations of the policy. */
    public List<String> unexpectedErrors() {
        readNewEntries();
        return errors.stream()
                .filter(error -> permittedErrors.stream()
                        .noneMatch(permitted -> permitted.matcher(error).find()))
                .toList();
    }

    /** Fails when a page had an unexpected error or sent a request to another origin. */
    public void assertClean() {
        assertThat(unexpectedErrors()).as("errors of the console").isEmpty();
        assertThat(requests().stream().map(BrowserRequest::url).filter(url -> !ownOrigins.contains(origin(url))))
                .as("requests to other origins than %s", ownOrigins)
                .isEmpty();
    }

    private void readNewEntries() {
        for (LogEntry entry : driver.manage().logs().get(LogType.BROWSER)) {
            if (entry.getLevel().intValue() >= Level.SEVERE.intValue()) {
                errors.add(entry.getMessage());
            }
        }
        for (LogEntry entry : driver.manage().logs().get(LogType.PERFORMANCE)) {
            JsonObject event = new JsonObject(entry.getMessage()).getJsonObject("message");
            readEvent(event.getString("method"), event.getJsonObject("params"));
        }
    }

    private void readEvent(String method, JsonObject event) {
        String id = event.getString("requestId");
        switch (method) {
            case "Network.requestWillBeSent" -> {
                if (!event.getJsonObject("request").getString("url").matches(NETWORK_URL)) {
                    return;
                }
                BrowserRequest previous = requests.get(id);
                if (previous != null) {
                    requests.remove(id);
                    requests.put(id + " redirected " + requests.size(), previous);
                }
                requests.put(id, new BrowserRequest(event));
            }
            case "Network.responseReceived" -> update(id, request -> request.responded(event));
            case "Network.loadingFinished" ->
                update(
                        id,
                        request -> request.finished(
                                event.getNumber("encodedDataLength").longValue()));
            case "Network.loadingFailed" -> update(id, BrowserRequest::failed);
            default -> {
                // Other events do not concern requests.
            }
        }
    }

    private interface Change {
        void apply(BrowserRequest request);
    }

    private void update(String id, Change change) {
        BrowserRequest request = requests.get(id);
        if (request != null) {
            change.apply(request);
        }
    }

    private static String origin(String url) {
        URI uri = URI.create(url.replaceFirst("[?#].*", ""));
        String scheme = uri.getScheme().replaceFirst("^ws", "http");
        return scheme + "://" + uri.getAuthority();
    }
}
