package dev.darkroom.http.egress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.http.egress.EgressPolicy.Rules;
import io.vertx.core.Future;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EgressPolicyTest {
    private static final Rules STRICT = new Rules(List.of(), false, List.of(443));

    /** Allows http and any port, so that only the host decides. */
    private static final Rules ANY_PORT = new Rules(List.of(), true, List.of());

    private static boolean allowed(Rules rules, String url, String... addresses) {
        return new EgressPolicy(rules, name -> Future.succeededFuture(inet(addresses)))
                .check(url)
                .succeeded();
    }

    private static List<InetAddress> inet(String... addresses) {
        List<InetAddress> found = new ArrayList<>();
        for (String address : addresses) {
            try {
                found.add(InetAddress.getByName(address));
            } catch (UnknownHostException e) {
                throw new AssertionError(e);
            }
        }
        return found;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://hooks.example.org/darkroom",
                "https://hooks.example.org",
                "https://hooks.example.org:443/a?b=c&d=%20",
                "HTTPS://HOOKS.EXAMPLE.ORG/",
                "https://xn--bcher-kva.example/",
                "https://93.184.215.14/",
                "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/"
            })
    void allowsPublicReceivers(String url) {
        assertThat(allowed(STRICT, url, "93.184.215.14")).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // loopback, in every spelling
                "http://127.0.0.1/",
                "http://127.1/",
                "http://127.0.1/",
                "http://127.255.255.254/",
                "http://2130706433/",
                "http://017700000001/",
                "http://0x7f000001/",
                "http://0x7f.0x0.0x0.0x1/",
                "http://0177.0.0.1/",
                "http://127.0.0.01/",
                "http://127.0.0.1./",
                "http://0/",
                "http://0.0.0.0/",
                "http://[::1]/",
                "http://[0:0:0:0:0:0:0:1]/",
                "http://[::]/",
                // private ranges
                "http://10.0.0.1/",
                "http://012.0.0.1/",
                "http://167772161/",
                "http://172.16.0.1/",
                "http://172.31.255.255/",
                "http://192.168.1.1/",
                "http://3232235777/",
                "http://100.64.0.1/",
                "http://198.18.0.1/",
                "http://192.0.2.1/",
                "http://224.0.0.1/",
                "http://255.255.255.255/",
                // metadata services of clouds
                "http://169.254.169.254/latest/meta-data/",
                "http://2852039166/",
                "http://0xa9fea9fe/",
                "http://0251.0376.0251.0376/",
                "http://169.254.43518/",
                "http://168.63.129.16/",
                "http://100.100.100.200/",
                "http://192.0.0.192/",
                "http://[fd00:ec2::254]/",
                "http://[::ffff:169.254.169.254]/",
                "http://[::ffff:a9fe:a9fe]/",
                // IPv4 inside IPv6
                "http://[::ffff:127.0.0.1]/",
                "http://[::ffff:7f00:1]/",
                "http://[0:0:0:0:0:ffff:10.0.0.1]/",
                "http://[::127.0.0.1]/",
                "http://[::7f00:1]/",
                "http://[64:ff9b::127.0.0.1]/",
                "http://[64:ff9b::a9fe:a9fe]/",
                "http://[64:ff9b:1::a00:1]/",
                "http://[2002:7f00:1::]/",
                "http://[2002:a9fe:a9fe::1]/",
                "http://[2001::1]/",
                // other special-purpose ranges
                "http://[fe80::1]/",
                "http://[fe80::1%25eth0]/",
                "http://[fe80::1%eth0]/",
                "http://[fc00::1]/",
                "http://[fd12:3456::1]/",
                "http://[ff02::1]/",
                "http://[2001:db8::1]/",
                "http://[100::1]/",
                // malformed host names
                "http://%31%32%37.0.0.1/",
                "http://１２７.0.0.1/",
                "http://bücher.example/",
                "http://ex_ample.org/",
                "http://example.org./",
                "http://.example.org/",
                "http://-example.org/",
                "http://example..org/",
                "http:///path",
                "http://"
            })
    void rejectsHostsThatAreNotPublic(String url) {
        // All names resolve to a public address, so that a name is rejected for its spelling.
        assertThat(allowed(ANY_PORT, url, "93.184.215.14")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://hooks.example.org/",
                "https://hooks.example.org:80/",
                "https://hooks.example.org:8443/",
                "https://hooks.example.org:22/",
                "https://hooks.example.org:0/",
                "https://hooks.example.org:65979/",
                "https://hooks.example.org:/",
                "https://user@hooks.example.org/",
                "https://user:secret@hooks.example.org/",
                "https://hooks.example.org@127.0.0.1/",
                "https://@hooks.example.org/",
                "https://hooks.example.org/#fragment",
                "https://hooks.example.org\\@127.0.0.1/",
                "https://hooks.example.org/a b",
                "https://hooks.example.org/\r\nHost: other",
                "ftp://hooks.example.org/",
                "file:///etc/passwd",
                "gopher://hooks.example.org/",
                "javascript:alert(1)",
                "//hooks.example.org/",
                "/path",
                "hooks.example.org",
                "https:hooks.example.org",
                ""
            })
    void rejectsUnusualUrls(String url) {
        assertThat(allowed(STRICT, url, "93.184.215.14")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "10.1.2.3",
                "169.254.169.254",
                "::1",
                "::ffff:10.0.0.1",
                "fd00::1",
                "64:ff9b::a00:1",
                "0.0.0.0"
            })
    void rejectsNamesWithPrivateAddresses(String address) {
        assertThat(allowed(STRICT, "https://hooks.example.org/", address)).isFalse();
        assertThat(allowed(STRICT, "https://hooks.example.org/", "93.184.215.14", address))
                .as("one among others")
                .isFalse();
    }

    @Test
    void unknownHostGetsTheSameMessageAsAPrivateAddress() {
        EgressPolicy unknown =
                new EgressPolicy(STRICT, name -> Future.failedFuture(new UnknownHostException("inner.example.org")));
        EgressPolicy internal = new EgressPolicy(STRICT, name -> Future.succeededFuture(inet("10.0.0.1")));
        String url = "https://inner.example.org/";

        assertThat(unknown.check(url).cause())
                .isInstanceOf(RejectedUrlException.class)
                .hasMessage(internal.check(url).cause().getMessage());
        assertThat(new EgressPolicy(STRICT, name -> Future.succeededFuture(List.of()))
                        .check(url)
                        .failed())
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "http://127.0.0.1:8080/, true",
        "http://[::1]:8080/, true",
        "http://[::ffff:127.0.0.1]/, true",
        "http://10.1.2.3/, true",
        "http://10.1.3.3/, false",
        "http://169.254.169.254/, false",
        "https://93.184.215.14/, true"
    })
    void allowsConfiguredNetworks(String url, boolean expected) {
        Rules rules = new Rules(List.of("127.0.0.0/8", "::1", "10.1.2.0/23"), true, List.of());
        assertThat(allowed(new Rules(List.of("127.0.0.0/8", "::1", "10.1.2.0/24"), true, List.of()), url))
                .isEqualTo(expected);
        assertThat(allowed(rules, "http://10.1.3.3/")).isTrue();
    }

    @Test
    void rejectionRevealsNoInternalAddress() {
        assertThat(new EgressPolicy(STRICT, name -> Future.succeededFuture(inet("10.9.8.7")))
                        .check("https://inner.example.org/")
                        .cause()
                        .getMessage())
                .doesNotContain("10.9.8.7", "private");
    }
}
