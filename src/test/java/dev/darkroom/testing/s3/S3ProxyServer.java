package dev.darkroom.testing.s3;

import dev.darkroom.testing.ExternalTool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** s3proxy, which stores objects as files and verifies signatures. */
public final class S3ProxyServer extends S3Server {
    private static final ExternalTool TOOL = new ExternalTool("s3", "s3proxy");

    private final Map<String, String> environment;

    public S3ProxyServer() {
        this(Map.of());
    }

    /** @param environment variables of the process, in addition to the variables of this process */
    public S3ProxyServer(Map<String, String> environment) {
        super(TOOL);
        this.environment = environment;
    }

    /** Returns the directory that contains the objects of each bucket as files. */
    public Path objects() {
        return directory().resolve("objects");
    }

    @Override
    Process launch(int port) throws IOException, InterruptedException {
        Path jars = TOOL.installMaven();
        Path properties = directory().resolve("s3proxy.properties");
        // Without ignore-unknown-headers, uploads of current SDKs get 501.
        Files.writeString(
                properties, """
                s3proxy.endpoint=http://127.0.0.1:%d
                s3proxy.authorization=aws-v4
                s3proxy.identity=%s
                s3proxy.credential=%s
                s3proxy.ignore-unknown-headers=true
                jclouds.provider=filesystem-nio2
                jclouds.filesystem.basedir=%s
                """.formatted(port, ACCESS_KEY_ID, SECRET_ACCESS_KEY, Files.createDirectories(objects())));
        ProcessBuilder builder = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "-cp",
                        jars + "/*",
                        "org.gaul.s3proxy.Main",
                        "--properties",
                        properties.toString()))
                .redirectErrorStream(true)
                .redirectOutput(directory().resolve("s3proxy.log").toFile());
        builder.environment().putAll(environment);
        return TOOL.start(builder);
    }
}
