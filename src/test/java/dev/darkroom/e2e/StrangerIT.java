package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.DarkroomExtension;
import dev.darkroom.access.ApiKey;
import dev.darkroom.access.Caller;
import dev.darkroom.access.KeyCabinet;
import dev.darkroom.access.Role;
import dev.darkroom.api.ContractFile;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomSettings;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Somebody who knows the ids of another tries every operation of the contract that takes one: they are told what they would be told
 * of ids that never were.
 */
class StrangerIT {
    @RegisterExtension
    static final DarkroomExtension service =
            new DarkroomExtension(DarkroomSettings.quick().with("DARKROOM_AUTH", "required"));

    private static ApiClient alice;
    private static ApiClient mallory;
    private static String generationId;
    private static String imageName;

    @BeforeAll
    static void aliceHasAPicture() {
        alice = client("alice");
        mallory = client("mallory");
        JsonObject ended = alice.awaitEnd(alice.create("A lighthouse"));
        generationId = ended.getString("id");
        imageName = URI.create(ended.getJsonArray("imageUrls").getString(0))
                .getPath()
                .substring("/images/".length());
    }

    private static ApiClient client(String user) {
        return client(new Caller(user, Role.USER));
    }

    private static ApiClient client(Caller caller) {
        ApiKey key = ApiKey.mint(new SecureRandom());
        try (KeyCabinet cabinet = KeyCabinet.open(service.database())) {
            cabinet.add(key, caller, null);
        }
        return service.client().withKey(key.secret());
    }

    /** Method, a space, and path. */
    static Stream<String> operationsOnSomethingOfSomebodys() {
        return ContractFile.read().operations().keySet().stream().filter(operation -> operation.contains("{"));
    }

    @ParameterizedTest
    @MethodSource("operationsOnSomethingOfSomebodys")
    void whatIsAnothersIsNotThere(String operation) {
        // given what the owner gets
        String known = path(operation, generationId, imageName);
        assertThat(send(alice, operation, known).status()).isLessThan(300);

        // when
        ApiClient.Answer others = send(mallory, operation, known);
        String never = path(operation, UUID.randomUUID().toString(), UUID.randomUUID() + ".png");
        ApiClient.Answer nobodys = send(mallory, operation, never);

        // then
        assertThat(others.status()).isEqualTo(404).isEqualTo(nobodys.status());
        assertThat(withoutIds(others, known)).isEqualTo(withoutIds(nobodys, never));
        assertThat(others.headers().keySet()).isEqualTo(nobodys.headers().keySet());
    }

    @ParameterizedTest
    @MethodSource("operationsOnSomethingOfSomebodys")
    void whoDoesNotSayWhoTheyAreIsNotToldAnything(String operation) {
        String known = path(operation, generationId, imageName);
        assertThat(send(service.client(), operation, known).status()).isEqualTo(401);
    }

    @ParameterizedTest
    @MethodSource("operationsOnSomethingOfSomebodys")
    void anAdminIsShownItAndLeavesALine(String operation) {
        // given
        Caller admin = new Caller("admin-" + operation.hashCode(), Role.ADMIN);

        // when
        ApiClient.Answer answer = send(client(admin), operation, path(operation, generationId, imageName));

        // then
        assertThat(answer.status()).isEqualTo(200);
        assertThat(service.darkroom().log())
                .filteredOn(line -> line.contains(admin.user()))
                .singleElement()
                .asString()
                .contains("audit", "alice")
                .containsPattern(generationId + "|" + imageName.replaceFirst("\\..*", ""));
    }

    private static String path(String operation, String generationId, String imageName) {
        String path =
                operation.split(" ")[1].replace("{generationId}", generationId).replace("{imageName}", imageName);
        assertThat(path).as("a parameter that this test does not know").doesNotContain("{");
        return path;
    }

    private static ApiClient.Answer send(ApiClient client, String operation, String path) {
        return client.send(operation.split(" ")[0].toUpperCase(Locale.ROOT), path, Map.of(), null);
    }

    private static String withoutIds(ApiClient.Answer answer, String path) {
        String text = new String(answer.body(), StandardCharsets.UTF_8).replace(path, "PATH");
        return text.replace(answer.header("X-Request-Id"), "REQUEST");
    }
}
