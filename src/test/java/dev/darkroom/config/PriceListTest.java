package dev.darkroom.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PriceListTest {
    private static PriceList read(String text) {
        return PriceList.read(SettingValue.ofDefault("backend.prices", text));
    }

    @Test
    void firstMatchingRuleApplies() {
        // given
        PriceList prices =
                read("owner/flux:v1 1024x1024 high=0.167 , owner/flux:v1  high = 0.2,owner/flux:v1=0.04, *=1");

        // then
        assertThat(prices.find("owner/flux:v1", Set.of("1024x1024", "high"))).contains(new BigDecimal("0.167"));
        assertThat(prices.find("owner/flux:v1", Set.of("512x512", "high"))).contains(new BigDecimal("0.2"));
        assertThat(prices.find("owner/flux:v1", Set.of("1024x1024"))).contains(new BigDecimal("0.04"));
        assertThat(prices.find("other", Set.of())).contains(new BigDecimal("1"));
        assertThat(prices.find(null, Set.of())).contains(new BigDecimal("1"));
    }

    @Test
    void noRuleMeansNoPrice() {
        assertThat(read("")).isEqualTo(PriceList.EMPTY);
        assertThat(read("flux=1").find("other", Set.of())).isEmpty();
        assertThat(read("flux=1").find(null, Set.of())).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"flux", "flux=", "=1", "flux=-1", "flux=1e3", "flux=1,", "flux=1234567890", "flux a b c d e=1"})
    void rejectsInvalidPrices(String text) {
        assertThatThrownBy(() -> read(text))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("expected prices such as");
    }
}
