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
 * The same requests for our validation on the event loop and for the library's own on its worker pool: both read one
 * contract, so both have to judge alike. Ours says besides what is wrong, in whole sentences.
 */
class RequestValidationTest {
    private static final String ID = "019a8c1e-7f3a-7c55-9d0b-3f1a2b4c5d6e";

    private static ValidationServers validationServers;
    private static int ours;
    private static int stock;

    @BeforeAll
    static void start() {
        validationServers = new ValidationServers();
        ours = validationServers.startDarkroomValidation();
        stock = validationServers.startLibraryValidation();
    }

    @AfterAll
    static void stop() {
        validationServers.close();
    }

    static List<RequestBodyCorpus.Case> good() {
        return RequestBodyCorpus.valid();
    }

    static List<RequestBodyCorpus.Case> bad() {
        return RequestBodyCorpus.invalid();
    }

    @ParameterizedTest
    @MethodSource("good")
    void bothAccept(RequestBodyCorpus.Case request) {
        // when
        HttpResponse<String> byUs =
                validationServers.post(ours, "application/json", request.body().getBytes(UTF_8));
        HttpResponse<String> byLibrary =
                validationServers.post(stock, "application/json", request.body().getBytes(UTF_8));

        // then
        assertThat(byUs.statusCode()).as(byUs.body()).isEqualTo(204);
        assertThat(byLibrary.statusCode()).as(byLibrary.body()).isEqualTo(204);
    }

    @ParameterizedTest
    @MethodSource("bad")
    void bothRefuseAndWeSayWhy(RequestBodyCorpus.Case request) {
        // when
        HttpResponse<String> byUs =
                validationServers.post(ours, "application/json", request.body().getBytes(UTF_8));
        HttpResponse<String> byLibrary =
                validationServers.post(stock, "application/json", request.body().getBytes(UTF_8));

        // then
        assertThat(byLibrary.statusCode()).as(byLibrary.body()).isEqualTo(400);
        assertThat(byUs.statusCode()).as(byUs.body()).isEqualTo(400);
        assertThat(ValidationServers.errorsOf(byUs)).containsExactlyElementsOf(request.problems());
        assertThat(new JsonObject(byUs.body()).getString("detail")).isEqualTo(detail(request.problems()));
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
    void bothAcceptThePath(String path) {
        // then
        assertThat(validationServers.get(ours, path).statusCode()).isEqualTo(204);
        assertThat(validationServers.get(stock, path).statusCode()).isEqualTo(204);
    }

    static Stream<Arguments> badPaths() {
        Stream<String> noIds = Stream.of(
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
        Stream<String> noImages = Stream.of(
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
                noIds.map(id -> Arguments.of("/api/generation/" + id, "generationId must be a UUID")),
                noImages.map(name -> Arguments.of(
                        "/images/" + name,
                        "imageName must be an image name: an image id and the extension of its media type")));
    }

    @ParameterizedTest
    @MethodSource("badPaths")
    void bothRefuseThePathAndWeSayWhy(String path, String problem) {
        // when
        HttpResponse<String> byUs = validationServers.get(ours, path);
        HttpResponse<String> byLibrary = validationServers.get(stock, path);

        // then
        assertThat(byLibrary.statusCode()).as(byLibrary.body()).isEqualTo(400);
        assertThat(byUs.statusCode()).as(byUs.body()).isEqualTo(400);
        assertThat(ValidationServers.errorsOf(byUs)).containsExactly(problem);
    }

    /** The first problem as a sentence for people, and how many more there are. */
    private static String detail(List<String> problems) {
        String first = problems.get(0).replaceFirst("^#/(\\S*) ", "$1: ");
        return problems.size() == 1 ? first : first + " (and " + (problems.size() - 1) + " more)";
    }
}
