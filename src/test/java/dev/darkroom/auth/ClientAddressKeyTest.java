package dev.darkroom.auth;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientAddressKeyTest {
    @ParameterizedTest
    @CsvSource({
        "192.0.2.1, 192.0.2.1",
        "2001:db8:1:2::1, 20010db800010002",
        "2001:db8:1:2:ffff::9, 20010db800010002",
        "2001:db8:1:3::1, 20010db800010003",
        "fe80::1%eth0, fe80000000000000",
        "::ffff:192.0.2.1, 192.0.2.1",
        ", null"
    })
    void groupsIpv6AddressesByNetwork(String address, String expected) {
        assertThat(ClientAddressKey.of(address)).isEqualTo(expected);
    }
}
