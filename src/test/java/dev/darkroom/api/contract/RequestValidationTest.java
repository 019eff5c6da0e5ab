package dev.darkroom.api.contract;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Sends the same requests to the validation of Darkroom and to the validation of the OpenAPI library. Both must agree about each request,
 * because both read the same contract. The responses of Darkroom also describe the errors.
 */
class RequestValidationTest {
    private static final String ID = "019a8c1e-7f3a-7c55-9d0b-3f1a2b4c5d6e";

    private static ValidationServers validationServers;
    private static int darkroomPort;
    private static int libraryPort;

    @BeforeAll
    static void start() {
        validationServers = new ValidationServers();
        darkroomPort = validationServers.startDarkroomValidation();
        libraryPort = validationServers.startLibraryValidation();
    }

    @AfterAll
    static void stop() {
        validationServers.close();
    }

    static List<RequestBodyCorpus.Case> validBodies() {
        return RequestBodyCorpus.valid();
    }

    static List<RequestBodyCorpus.Case> invalidBodies() {
        return RequestBodyCorpus.invalid();
    }

    @ParameterizedTest
    @MethodSource("validBodies")
    void bothAcceptValidBody(RequestBodyCorpus.Case request) {
        // when
        HttpResponse<String> darkroomResponse = validationServers.post(
                darkroomPort, "application/json", request.body().getBytes(UTF_8));
        HttpResponse<String> libraryResponse = validationServers.post(
                libraryPort, "application/json", request.body().getBytes(UTF_8));

        // then
        assertThat(darkroomResponse.statusCode()).as(darkroomResponse.body()).isEqualTo(204);
        assertThat(libraryResponse.statusCode()).as(libraryResponse.body()).isEqualTo(204);
    }

    @ParameterizedTest
    @MethodSource("invalidBodies")
    void bothRejectInvalidBodyAndDarkroomDescribesErrors(RequestBodyCorpus.Case request) {
        // when
        HttpResponse<String> darkroomResponse = validationServers.post(
                darkroomPort, "application/json", request.body().getBytes(UTF_8));
        HttpResponse<String> libraryResponse = validationServers.post(
                libraryPort, "application/json", request.body().getBytes(UTF_8));

        // then
        assertThat(libraryResponse.statusCode()).as(libraryResponse.body()).isEqualTo(400);
        assertThat(darkroomResponse.statusCode()).as(darkroomResponse.body()).isEqualTo(400);
        assertThat(ValidationServers.errorsOf(darkroomResponse)).containsExactlyElementsOf(request.problems());
        assertThat(new JsonObject(darkroomResponse.body()).getString("detail")).isEqualTo(detail(request.problems()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api/generation/" + ID,
                "/api/generation/019A8C1E-7F3A-7C55-9D0B-3F1A2B4C5D6E",
                "/api/generation/00000000-0000-0000-0000-000000000000",
                "/images/" + ID + ".png",
                "/images/" + ID + ".jpg",
                "/images/" + ID + ".webp",
            })
    void bothAcceptValidPath(String path) {
        // then
        assertThat(validationServers.get(darkroomPort, path).statusCode()).isEqualTo(204);
        assertThat(validationServers.get(libraryPort, path).statusCode()).isEqualTo(204);
    }

    static Stream<Arguments> invalidPaths() {
        Stream<String> invalidIds = Stream.of(
                "42",
                "x",
                "%20",
                "%00",
                "null",
                "%7B" + ID + "%7D",
                "urn:uuid:" + ID,
                ID.substring(1),
                ID + "0",
                ID + "%20",
                ID + "%0A",
                ID.replace("-", ""),
                ID.replace('e', 'g'),
                ID + "%2F..",
                "%E2%80%8B" + ID);
        Stream<String> invalidImageNames = Stream.of(
                ID,
                ID + ".",
                ID + ".gif",
                ID + ".PNG",
                ID + ".jpeg",
                ID + ".png.png",
                "." + ID + ".png",
                ID.toUpperCase(Locale.ROOT) + ".png",
                "x.png",
                "%2e%2e%2f" + ID + ".png",
                ID + ".png%00",
                ID + ".png%0A",
                ID + ".png%20");
        return Stream.concat(
                invalidIds.map(id -> Arguments.of("/api/generation/" + id, "generationId must be a UUID")),
                invalidImageNames.map(name -> Arguments.of(
                        "/images/" + name,
                        "imageName must be an image name: an image id and the extension of its media type")));
    }

    @ParameterizedTest
    @MethodSource("invalidPaths")
    void bothRejectInvalidPathAndDarkroomDescribesError(String path, String problem) {
        // when
        HttpResponse<String> darkroomResponse = validationServers.get(darkroomPort, path);
        HttpResponse<String> libraryResponse = validationServers.get(libraryPort, path);

        // then
        assertThat(libraryResponse.statusCode()).as(libraryResponse.body()).isEqualTo(400);
        assertThat(darkroomResponse.statusCode()).as(darkroomResponse.body()).isEqualTo(400);
        assertThat(ValidationServers.errorsOf(darkroomResponse)).containsExactly(problem);
    }

    /** Returns the expected detail: the first error and the number of further errors. */
    private static String detail(List<String> problems) {
        String first = problems.get(0).replaceFirst("^#/(\\S*) ", "$1: ");
        return problems.size() == 1 ? first : first + " (and " + (problems.size() - 1) + " more)";
    }
}
