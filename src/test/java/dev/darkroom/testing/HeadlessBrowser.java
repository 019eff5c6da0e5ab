package dev.darkroom.testing;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * Headless Chromium, driven over <a href="https://www.w3.org/TR/webdriver2/">WebDriver</a> without a library. Uses the browser
 * and driver of Debian, or those named by {@code CHROMIUM} and {@code CHROMEDRIVER}. Downloads nothing. The methods block.
 */
public final class HeadlessBrowser implements AutoCloseable {
    private final HttpClient http = HttpClient.newHttpClient();
    private final Process driver;
    private final URI base;
    private final String session;

    /**
     * Starts driver and browser. Fails when one is missing.
     *
     * @param directory for the browser profile and the log of the driver
     */
    public HeadlessBrowser(Path directory) {
        String chromium =
                findExecutable("CHROMIUM", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome");
        String chromedriver = findExecutable("CHROMEDRIVER", "/usr/bin/chromedriver", "/usr/lib/chromium/chromedriver");
        base = URI.create("http://127.0.0.1:" + FreePort.find());
        try {
            driver = new ProcessBuilder(chromedriver, "--port=" + base.getPort())
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("chromedriver.log").toFile())
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Awaitility.await("the driver").atMost(Duration.ofSeconds(30)).until(this::isReady);
        session = send("POST", "/session", capabilities(chromium, directory)).getString("sessionId");
    }

    private static String findExecutable(String variable, String... defaultPaths) {
        String configured = System.getenv(variable);
        return (configured != null ? Stream.of(configured) : Stream.of(defaultPaths))
                .filter(path -> Files.isExecutable(Path.of(path)))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(
                        "needs Chromium and its driver, such as Debian's packages chromium and chromium-driver, or "
                                + variable + "=FILE"));
    }

    private static JsonObject capabilities(String chromium, Path directory) {
        JsonArray arguments = new JsonArray(List.of(
                "--headless=new",
                // Tests may run as root, and Chromium has no sandbox for root.
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--user-data-dir=" + directory.resolve("browser").toAbsolutePath()));
        JsonObject options = new JsonObject().put("binary", chromium).put("args", arguments);
        return new JsonObject()
                .put(
                        "capabilities",
                        new JsonObject().put("alwaysMatch", new JsonObject().put("goog:chromeOptions", options)));
    }

    private boolean isReady() {
        try {
            return send("GET", "/status", null).getBoolean("ready");
        } catch (UncheckedIOException e) {
            if (!driver.isAlive()) {
                throw new IllegalStateException("the driver has ended", e);
            }
            return false;
        }
    }

    /** Opens a page and waits until it is loaded. */
    public void open(URI page) {
        send("POST", "/session/" + session + "/url", new JsonObject().put("url", page.toString()));
    }

    /** Runs a function body in the page, with {@code arguments} as its arguments, and returns its result, a JSON object. */
    public JsonObject runScript(String script, Object... arguments) {
        return send(
                "POST",
                "/session/" + session + "/execute/sync",
                new JsonObject()
                        .put(
                                "script",
                                "const value = (function() {" + script
                                        + "}).apply(null, arguments); return value ?? {};")
                        .put("args", new JsonArray(List.of(arguments))));
    }

    private JsonObject send(String method, String path, JsonObject body) {
        HttpRequest request = HttpRequest.newBuilder(base.resolve(path))
                .timeout(Duration.ofSeconds(60))
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body.encode()))
                .build();
        try {
            HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw new IllegalStateException(response.body());
            }
            Object value = new JsonObject(response.body()).getValue("value");
            return value instanceof JsonObject object ? object : new JsonObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        try {
            send("DELETE", "/session/" + session, null);
        } finally {
            driver.destroy();
        }
    }
}
