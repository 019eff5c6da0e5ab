package dev.darkroom.config;

import dev.darkroom.config.Settings.Backend;
import dev.darkroom.config.Settings.Breaker;
import dev.darkroom.config.Settings.PromptSanitizing;
import dev.darkroom.config.Settings.RequestField;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Reads the section {@code backend}. */
final class BackendSettingsReader {
    private static final int KIB = 1024;
    private static final int GIB = 1024 * 1024 * KIB;

    private static final Pattern BACKEND_NAME = Pattern.compile("[a-z0-9-]{1,40}");
    private static final Pattern MODEL = Pattern.compile("[^\\p{Cntrl}]{1,200}");
    private static final Pattern PATH = Pattern.compile("/[0-9A-Za-z._~/-]{1,200}");
    private static final Pattern PROMPT_SANITIZING = Pattern.compile("replace|pass");
    /** Characters of a header value (RFC 9110, section 5.5). A line break would inject another header. */
    private static final Pattern BEARER = Pattern.compile("[\\x21-\\x7e]{1,4096}");

    private final LayeredSettings layeredSettings;

    BackendSettingsReader(LayeredSettings layeredSettings) {
        this.layeredSettings = layeredSettings;
    }

    Backend read() {
        SettingValue url = layeredSettings.get("backend.url");
        SettingValue key = layeredSettings.get("backend.apiKey");
        SettingValue model = layeredSettings.get("backend.model");
        return new Backend(
                url.isEmpty() ? null : HttpUrlReader.readEndingInV1(url),
                key.isEmpty() ? Secret.NONE : new Secret(key.matching(BEARER, "printable ASCII without spaces")),
                model.isEmpty() ? null : model.matching(MODEL, "at most 200 characters and no control characters"),
                layeredSettings.get("backend.name").matching(BACKEND_NAME, "1 to 40 of a-z, 0-9 and hyphen"),
                duration("backend.timeout"),
                duration("backend.connectTimeout"),
                integer("backend.maxResponseBytes", KIB, GIB),
                integer("backend.maxImageBytes", KIB, GIB),
                integer("backend.downloadAttempts", 1, 10),
                integer("backend.maxRedirects", 0, 20),
                CidrListReader.read(layeredSettings.get("backend.downloadNetworks")),
                requestFields(layeredSettings.get("backend.requestFields")),
                layeredSettings
                                .get("backend.promptSanitizing")
                                .matching(PROMPT_SANITIZING, "replace or pass")
                                .equals("pass")
                        ? PromptSanitizing.PASS
                        : PromptSanitizing.REPLACE,
                new Breaker(
                        duration("backend.breaker.window"),
                        integer("backend.breaker.minimumCalls", 1, 10_000),
                        integer("backend.breaker.failurePercent", 1, 100),
                        integer("backend.breaker.connectionFailures", 1, 10_000),
                        duration("backend.breaker.slowCallDuration"),
                        integer("backend.breaker.slowCallPercent", 1, 100),
                        duration("backend.breaker.openDuration"),
                        duration("backend.breaker.maxOpenDuration"),
                        integer("backend.breaker.halfOpenCalls", 1, 100),
                        healthCheckPath()));
    }

    private String healthCheckPath() {
        SettingValue path = layeredSettings.get("backend.breaker.healthCheckPath");
        return path.isEmpty() ? null : path.matching(PATH, "a path such as /models");
    }

    /** Returns null for {@code auto}. */
    private static Set<RequestField> requestFields(SettingValue settingValue) {
        if (settingValue.text().equals("auto")) {
            return null;
        }
        Set<RequestField> fields = EnumSet.noneOf(RequestField.class);
        for (String text :
                settingValue.isEmpty() ? new String[0] : settingValue.text().split("\\s*,\\s*", -1)) {
            fields.add(Stream.of(RequestField.values())
                    .filter(field -> field.text().equals(text))
                    .findFirst()
                    .orElseThrow(() -> settingValue.expected(
                            "auto, or some of n, size, negative_prompt, seed, response_format, separated by commas")));
        }
        return fields;
    }

    private int integer(String path, int min, int max) {
        return layeredSettings.get(path).integer(min, max);
    }

    private Duration duration(String path) {
        return layeredSettings.get(path).duration();
    }
}
