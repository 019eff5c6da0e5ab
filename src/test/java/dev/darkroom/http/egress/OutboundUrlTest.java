package dev.darkroom.http.egress;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OutboundUrlTest {

    @ParameterizedTest
    @CsvSource({
        "http://[::1]:8000/v1, [::1]:8000, /v1",
        "https://[2001:db8::1]/, [2001:db8::1], /",
        "http://one.example:80, one.example, /",
        "https://ONE.example:8443/a?b=%20c, one.example:8443, /a?b=%20c"
    })
    void authorityMatchesTheHostHeader(String url, String authority, String target) {
        OutboundUrl outbound = OutboundUrl.of(URI.create(url));
        assertThat(outbound.authority()).isEqualTo(authority);
        assertThat(outbound.target()).isEqualTo(target);
    }
}
