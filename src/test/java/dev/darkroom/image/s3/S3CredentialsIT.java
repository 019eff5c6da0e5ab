package dev.darkroom.image.s3;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreOwner;
import dev.darkroom.testing.s3.MotoServer;
import dev.darkroom.testing.s3.S3FaultProxy;
import dev.darkroom.testing.s3.S3Server;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Credentials of the environment. The system properties have the meaning of the environment variables of AWS. */
@Tag("s3")
class S3CredentialsIT {
    @TempDir
    Path directory;

    @Test
    void exchangesAWebIdentityForCredentials() throws Exception {
        Path token = Files.writeString(directory.resolve("token"), "a.web.identity");
        Vertx vertx = Vertx.vertx();
        try (MotoServer server = new MotoServer()) {
            server.start();
            server.createBucket("images");
            Map<String, String> properties = Map.of(
                    "aws.webIdentityTokenFile", token.toString(),
                    "aws.roleArn", "arn:aws:iam::123456789012:role/darkroom",
                    "aws.roleSessionName", "darkroom",
                    "aws.region", "us-east-1",
                    "aws.endpointUrlSts", server.endpoint().toString());
            properties.forEach(System::setProperty);
            try (S3FaultProxy proxy = new S3FaultProxy(server)) {
                // given
                Map<String, String> environment = S3Server.environment(proxy.endpoint(), "images", "");
                environment.remove("DARKROOM_S3_ACCESS_KEY_ID");
                environment.remove("DARKROOM_S3_SECRET_ACCESS_KEY");

                // when
                ImageStore store = S3ImageStore.open(
                                vertx, S3Server.settings(environment), ImageStoreOwner.withoutImages(UUID.randomUUID()))
                        .toCompletionStage()
                        .toCompletableFuture()
                        .get(120, TimeUnit.SECONDS);

                // then AWS marks temporary credentials with ASIA
                assertThat(proxy.requests(HttpMethod.PUT))
                        .isNotEmpty()
                        .allSatisfy(
                                request -> assertThat(request.authorization()).contains("Credential=ASIA"));
                store.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
            } finally {
                properties.keySet().forEach(System::clearProperty);
            }
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        }
    }
}
