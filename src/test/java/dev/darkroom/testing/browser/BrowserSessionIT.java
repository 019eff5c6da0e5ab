package dev.darkroom.testing.browser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Checks that a test with a browser fails for each fault of a page that it must find. */
@Tag("browser")
@Timeout(300)
class BrowserSessionIT {
    private static final String ANY_POLICY = "default-src * 'unsafe-inline' data:";

    @TempDir
    Path directory;

    private BrowserSession session;
    private HttpServer server;
    private String body = "";
    private String policy = ANY_POLICY;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", exchange -> {
            byte[] page =
                    ("<!doctype html><html lang=en><title>Page</title><meta name=viewport content=width=device-width><link rel=icon href=data:,><main>"
                                    + body + "</main></html>")
                            .getBytes(StandardCharsets.UTF_8);
            boolean exists = !exchange.getRequestURI().getPath().equals("/missing");
            exchange.getResponseHeaders().set("Content-Type", "text/html; charset=utf-8");
            exchange.getResponseHeaders().set("Content-Security-Policy", policy);
            exchange.sendResponseHeaders(exists ? 200 : 404, page.length);
            exchange.getResponseBody().write(page);
            exchange.close();
        });
        server.start();
        session = new BrowserSession(directory);
    }

    @AfterEach
    void stop() {
        session.close();
        server.stop(0);
    }

    private URI url(String host) {
        return URI.create("http://" + host + ":" + server.getAddress().getPort() + "/");
    }

    private void open(String content) {
        body = content;
        session.open(url("127.0.0.1"));
    }

    @Test
    void acceptsPageWithoutFault() {
        open("<h1>Page</h1><script>fetch('/data').then(() => document.title = 'Done')</script>");
        session.awaitValue("title", session::title, "Done"::equals);

        session.log().assertClean();
        AccessibilityCheck.assertNoSeriousViolation(session, "page");
        assertThat(session.log().requests("GET /data")).hasSize(1);
    }

    @Test
    void rejectsUncaughtException() {
        open("<h1>Page</h1><script>throw new Error('broken page')</script>");

        assertThatThrownBy(() -> session.log().assertClean()).hasMessageContaining("broken page");
    }

    @Test
    void rejectsConsoleError() {
        open("<h1>Page</h1><script>console.error('a message')</script>");

        assertThatThrownBy(() -> session.log().assertClean()).hasMessageContaining("a message");
    }

    @Test
    void rejectsFailedRequestUnlessPermitted() {
        open("<h1>Page</h1><script>fetch('/missing').then(() => document.title = 'Done')</script>");
        session.awaitValue("title", session::title, "Done"::equals);

        assertThatThrownBy(() -> session.log().assertClean()).hasMessageContaining("404");
        session.log().permitErrors("/missing - Failed to load resource");
        session.log().assertClean();
    }

    @Test
    void rejectsRequestToAnotherOriginInAnyTab() {
        open("<h1>Page</h1>");
        body = "<h1>Page</h1><img alt='' src='" + url("localhost") + "image'>";
        String first = session.tab();
        session.openTab(url("127.0.0.1"));
        session.closeTab(first);

        assertThatThrownBy(() -> session.log().assertClean()).hasMessageContaining("localhost");
    }

    @Test
    void rejectsViolationOfPolicy() {
        policy = "default-src 'self'; img-src data:";
        open("<h1>Page</h1><style>h1 { color: red }</style>");

        assertThatThrownBy(() -> session.log().assertClean()).hasMessageContaining("Content Security Policy");
    }

    @Test
    void rejectsSeriousViolationOfAccessibility() {
        policy = "default-src 'self'; img-src data:";
        open("<h1>Page</h1><input>");

        assertThatThrownBy(() -> AccessibilityCheck.assertNoSeriousViolation(session, "page"))
                .hasMessageContaining("label");
    }

    @Test
    void disconnectsTab() {
        open("<h1>Page</h1>");
        session.setOffline(true);
        String request = "const done = arguments[0]; fetch('/data').then(() => done('sent'), () => done('failed'))";

        assertThat(session.runAsyncScript(request)).isEqualTo("failed");
        assertThat(session.runScript("return navigator.onLine")).isEqualTo(false);
        session.setOffline(false);
        assertThat(session.runAsyncScript(request)).isEqualTo("sent");
        assertThat(session.runScript("return navigator.onLine")).isEqualTo(true);
    }

    @Test
    void emulatesMediaAndPhone() {
        open("<h1>Page</h1>");
        session.setDarkScheme(true);
        session.setReducedMotion(true);
        session.setPhoneViewport(360, 740);

        assertThat(session.runScript("return ['(prefers-color-scheme: dark)', '(prefers-reduced-motion: reduce)',"
                        + " '(pointer: coarse)', '(width: 360px)'].map(query => matchMedia(query).matches).join()"))
                .isEqualTo("true,true,true,true");
    }
}
