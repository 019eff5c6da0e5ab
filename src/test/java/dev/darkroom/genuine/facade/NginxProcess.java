package dev.darkroom.genuine.facade;

import static org.awaitility.Awaitility.await;

import dev.darkroom.testing.FreePort;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** nginx as a reverse proxy with its default timeouts, which include 60 s for the response. The methods block. */
final class NginxProcess implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private final Process process;
    private final int port;

    private NginxProcess(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /**
     * Starts nginx and waits until it listens. Fails when it is not installed.
     *
     * @param target scheme, host and port to which it forwards
     */
    static NginxProcess start(Path directory, URI target) throws IOException {
        int port = FreePort.find();
        Path configuration = Files.writeString(directory.resolve("nginx.conf"), """
                daemon off;
                pid nginx.pid;
                events {}
                http {
                    access_log off;
                    client_body_temp_path body;
                    proxy_temp_path proxy;
                    fastcgi_temp_path fastcgi;
                    uwsgi_temp_path uwsgi;
                    scgi_temp_path scgi;
                    server {
                        listen 127.0.0.1:%d;
                        location / {
                            proxy_pass %s;
                            proxy_http_version 1.1;
                            proxy_set_header Host $http_host;
                            proxy_set_header Connection "";
                        }
                    }
                }
                """.formatted(port, target));
        Process process;
        try {
            process = new ProcessBuilder(List.of(
                            "nginx", "-e", "stderr", "-p", directory.toString(), "-c", configuration.toString()))
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("nginx.txt").toFile())
                    .start();
        } catch (IOException e) {
            throw new AssertionError(
                    "the profile \"genuine\" needs nginx on the path, such as Debian's package nginx", e);
        }
        NginxProcess nginx = new NginxProcess(process, port);
        await().atMost(LIMIT).failFast("nginx ended", () -> !process.isAlive()).until(nginx::listens);
        return nginx;
    }

    private boolean listens() {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    /** Returns the base URL for clients of OpenAI. */
    URI api() {
        return URI.create("http://127.0.0.1:" + port + "/v1");
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        try {
            process.waitFor(60, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
