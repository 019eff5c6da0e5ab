package dev.darkroom.backend.bfl;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PollingUrlsTest {
    private static final String DEFAULT = "https://api.bfl.ai:443/v1/get_result?id=t1";

    private static String select(String base, String pollingUrl) {
        var url = new PollingUrls(base).select(new TaskReference("t1", pollingUrl));
        return url.origin() + url.target();
    }

    @ParameterizedTest
    @CsvSource({
        "https://api.eu1.bfl.ai/v1/get_result?id=t1, https://api.eu1.bfl.ai:443/v1/get_result?id=t1",
        "https://API.US1.BFL.AI/v2/results/t1, https://api.us1.bfl.ai:443/v2/results/t1",
        "https://api.bfl.ml/v1/get_result?id=t1, https://api.bfl.ml:443/v1/get_result?id=t1",
        "https://api.bfl.ai/v1/get_result?id=t1&r=eu, https://api.bfl.ai:443/v1/get_result?id=t1&r=eu"
    })
    void acceptsHostsOfTheVendor(String pollingUrl, String selected) {
        assertThat(select("https://api.bfl.ai", pollingUrl)).isEqualTo(selected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "/v1/get_result?id=t1",
                "http://api.eu1.bfl.ai/v1/get_result?id=t1",
                "https://api.eu1.bfl.ai:8443/v1/get_result?id=t1",
                "https://api.bfl.ai.example.org/v1/get_result?id=t1",
                "https://evilbfl.ai/v1/get_result?id=t1",
                "https://bfl.ai@example.org/v1/get_result?id=t1",
                "https://example.org#.bfl.ai/v1/get_result?id=t1",
                "https://example.org\\.bfl.ai/v1/get_result?id=t1",
                "https://xn--bf-xka.ai/",
                "https://127.0.0.1/v1/get_result?id=t1",
                "ftp://api.eu1.bfl.ai/x"
            })
    void pollsTheBaseInsteadOfAnotherHost(String pollingUrl) {
        assertThat(select("https://api.bfl.ai", pollingUrl)).isEqualTo(DEFAULT);
    }

    @Test
    void acceptsNoHostOfTheVendorForAnotherServer() {
        assertThat(select("https://gateway.example.org/bfl", "https://api.bfl.ai/v1/get_result?id=t1"))
                .isEqualTo("https://gateway.example.org:443/bfl/v1/get_result?id=t1");
        assertThat(select("http://api.bfl.ai", "https://api.eu1.bfl.ai/v1/get_result?id=t1"))
                .isEqualTo("http://api.bfl.ai:80/v1/get_result?id=t1");
        assertThat(select("http://127.0.0.1:8080", "http://127.0.0.1:8080/poll/t1"))
                .isEqualTo("http://127.0.0.1:8080/poll/t1");
        assertThat(select("http://127.0.0.1:8080", "http://127.0.0.1:8081/poll/t1"))
                .isEqualTo("http://127.0.0.1:8080/v1/get_result?id=t1");
    }

    @Test
    void rejectsALongUrl() {
        assertThat(select("https://api.bfl.ai", "https://api.eu1.bfl.ai/" + "x".repeat(1_000)))
                .isEqualTo(DEFAULT);
    }

    @Test
    void storesAnEncodedUrlAndNoDefaultOne() {
        // given
        PollingUrls urls = new PollingUrls("https://api.bfl.ai");

        // when
        TaskReference regional = urls.normalize(new TaskReference("t1", "https://api.eu1.bfl.ai/a b?id=t1"));
        TaskReference global = urls.normalize(new TaskReference("t1", "https://api.bfl.ai/v1/get_result?id=t1"));

        // then
        assertThat(regional.toProviderId()).isEqualTo("t1 https://api.eu1.bfl.ai:443/a%20b?id=t1");
        assertThat(TaskReference.parse(regional.toProviderId())).isEqualTo(regional);
        assertThat(global.toProviderId()).isEqualTo("t1");
        assertThat(TaskReference.parse("t1")).isEqualTo(global);
        assertThat(TaskReference.parse("../x https://api.bfl.ai/")).isNull();
    }
}
