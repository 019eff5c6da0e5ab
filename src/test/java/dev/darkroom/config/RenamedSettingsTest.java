package dev.darkroom.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class RenamedSettingsTest {
    private final LayeredSettings settings = new LayeredSettings(
            Map.of("retry.initialDelay", "1s", "backend.url", "", "backend.requestFields", "auto"),
            new RenamedSettings(
                    Map.of("retry.base", "retry.initialDelay", "backend.bodyFields", "backend.requestFields")));

    @Test
    void earlierNameInFileSetsTheSettingWithWarning() {
        // when
        settings.applyFile("darkroom.yaml", "retry:\n  base: 5s\n");

        // then
        assertThat(settings.get("retry.initialDelay").text()).isEqualTo("5s");
        assertThat(settings.warnings())
                .containsExactly("darkroom.yaml: setting \"retry.base\" is deprecated, use \"retry.initialDelay\"");
    }

    @Test
    void earlierNameOfVariableSetsTheSettingWithWarning() {
        // when
        settings.applyEnvironment(Map.of("DARKROOM_RETRY_BASE", "5s"));

        // then
        assertThat(settings.get("retry.initialDelay").text()).isEqualTo("5s");
        assertThat(settings.warnings())
                .containsExactly("setting \"DARKROOM_RETRY_BASE\" is deprecated, use \"DARKROOM_RETRY_INITIAL_DELAY\"");
    }

    @Test
    void earlierNameAppliesToNamedBackends() {
        // when
        settings.applyFile("darkroom.yaml", "backends:\n  gpu-1:\n    url: http://gpu/v1\n    bodyFields: n\n");

        // then
        assertThat(settings.get("backends.gpu-1.requestFields").text()).isEqualTo("n");

        // when
        settings.applyEnvironment(Map.of("DARKROOM_BACKENDS_GPU_1_BODY_FIELDS", "size"));

        // then
        assertThat(settings.get("backends.gpu-1.requestFields").text()).isEqualTo("size");
        assertThat(settings.get("backend.requestFields").text()).isEqualTo("auto");
        assertThat(settings.warnings()).hasSize(2);
    }

    @Test
    void rejectsSettingWithBothNames() {
        assertThatThrownBy(() -> settings.applyFile("darkroom.yaml", "retry:\n  base: 5s\n  initialDelay: 2s\n"))
                .isInstanceOf(SettingsException.class)
                .hasMessage("darkroom.yaml: expected one of \"retry.initialDelay\" and its earlier name \"retry.base\","
                        + " got both");
        assertThatThrownBy(() -> settings.applyEnvironment(
                        Map.of("DARKROOM_RETRY_BASE", "5s", "DARKROOM_RETRY_INITIAL_DELAY", "2s")))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("got both");
    }

    @Test
    void emptyVariableWithEarlierNameCountsAsNotSet() {
        // when
        settings.applyEnvironment(Map.of("DARKROOM_RETRY_BASE", "", "DARKROOM_RETRY_INITIAL_DELAY", "2s"));

        // then
        assertThat(settings.get("retry.initialDelay").text()).isEqualTo("2s");
    }

    @Test
    void everyPresentNameIsASetting() {
        // RenamedSettings.CURRENT names no setting that a later rename or removal made invalid.
        assertThat(SettingsLoader.defaults().keySet()).containsAll(RenamedSettings.CURRENT.presentPaths());
    }
}
