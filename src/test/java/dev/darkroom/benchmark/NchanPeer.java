package dev.darkroom.benchmark;

import dev.darkroom.testing.FreePort;
import dev.darkroom.testing.SseLoadClient;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** nginx with the module nchan, a streaming server written in C. Runs one process per core with channels in shared memory. */
final class NchanPeer implements StreamingPeer {
    private static final Path MODULE = Path.of("/usr/lib/nginx/modules/ngx_nchan_module.so");

    private final int port;
    private final ExternalProcess externalProcess;

    /** Fails when the Debian packages {@code nginx} and {@code libnginx-mod-nchan} are not installed. */
    NchanPeer(Path directory, int connections) throws IOException, InterruptedException {
        if (!Files.exists(MODULE)) {
            throw new IllegalStateException(
                    "needs nginx with nchan, such as Debian's packages nginx and libnginx-mod-nchan: there is no "
                            + MODULE);
        }
        port = FreePort.find();
        Files.createDirectories(directory);
        Path configuration = directory.resolve("nginx.conf");
        Files.writeString(configuration, """
                load_module %s;
                daemon off;
                worker_processes auto;
                pid %s/nginx.pid;
                error_log stderr notice;
                events { worker_connections %d; }
                http {
                  access_log off;
                  client_body_temp_path %s/body;
                  nchan_shared_memory_size 256m;
                  keepalive_requests 1000000;
                  server {
                    listen 127.0.0.1:%d backlog=4096;
                    location ~ ^/publish/([\\w-]+)$ {
                      nchan_publisher;
                      nchan_channel_id $1;
                      nchan_message_buffer_length 100;
                    }
                    location ~ ^/events/([\\w-]+)$ {
                      nchan_subscriber eventsource;
                      nchan_channel_id $1;
                      nchan_subscriber_first_message newest;
                      nchan_eventsource_ping_interval 15;
                    }
                  }
                }
                """.formatted(MODULE, directory, 2 * connections, directory, port));
        externalProcess = ExternalProcess.start(
                directory,
                List.of("/usr/sbin/nginx", "-e", "stderr", "-p", directory.toString(), "-c", configuration.toString()),
                Map.of(),
                "start worker process");
    }

    @Override
    public String name() {
        return "nginx with nchan";
    }

    @Override
    public ProcessHandle handle() {
        return externalProcess.handle();
    }

    @Override
    public int port() {
        return port;
    }

    @Override
    public byte[] subscribeRequest(String channel) {
        return SseLoadClient.request("/events/" + channel);
    }

    @Override
    public HttpRequest publishRequest(String channel, String json) {
        return ConstantRateLoad.post(port, "/publish/" + channel, json);
    }

    @Override
    public void close() throws InterruptedException {
        externalProcess.close();
    }
}
