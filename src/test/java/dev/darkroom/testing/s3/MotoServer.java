package dev.darkroom.testing.s3;

import dev.darkroom.testing.ExternalTool;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The server of moto, which keeps objects in memory and accepts any credentials. Also answers requests to STS. */
public final class MotoServer extends S3Server {
    private static final ExternalTool TOOL = new ExternalTool("s3", "moto");

    public MotoServer() {
        super(TOOL);
    }

    @Override
    Process launch(int port) throws IOException, InterruptedException {
        Path programs = TOOL.installPython();
        return TOOL.start(new ProcessBuilder(List.of(
                        programs.resolve("moto_server").toString(), "-H", "127.0.0.1", "-p", String.valueOf(port)))
                .redirectErrorStream(true)
                .redirectOutput(directory().resolve("moto.log").toFile()));
    }
}
