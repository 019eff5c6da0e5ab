package dev.darkroom.testing.s3;

import dev.darkroom.testing.ExternalTool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** s3proxy, which stores objects as files and verifies signatures. */
public final class S3ProxyServer extends S3Server {
    private static final ExternalTool TOOL = new ExternalTool("s3", "s3proxy");

    private final Path directory;

    /** @param directory for its objects and its log */
    public S3ProxyServer(Path directory) {
        this.directory = directory;
    }

    @Override
    Process launch(int port) throws IOException, InterruptedException {
        Path jars = TOOL.installMaven();
        Path properties = directory.resolve("s3proxy.properties");
        // Without ignore-unknown-headers, uploads of current SDKs get 501.
        Files.writeString(properties, """
                s3proxy.endpoint=http://127.0.0.1:%d
                s3proxy.authorization=aws-v4
                s3proxy.identity=%s
                s3proxy.credential=%s
                s3proxy.ignore-unknown-headers=true
                s3proxy.maximum-timeskew=86400
                jclouds.provider=filesystem-nio2
                jclouds.filesystem.basedir=%s
                """.formatted(
                        port, ACCESS_KEY_ID, SECRET_ACCESS_KEY, Files.createDirectories(directory.resolve("objects"))));
        return TOOL.start(new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "-cp",
                        jars + "/*",
                        "org.gaul.s3proxy.Main",
                        "--properties",
                        properties.toString()))
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("s3proxy.log").toFile()));
    }
}
