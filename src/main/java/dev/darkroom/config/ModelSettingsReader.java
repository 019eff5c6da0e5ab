package dev.darkroom.config;

import dev.darkroom.config.ModelSettings.Target;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the section {@code models}: per model a list of backends, by order or with weights. Without models, all backends make all
 * generations, in their order.
 */
record ModelSettingsReader(LayeredSettings layeredSettings, List<BackendSettings> backends) {
    /** Route of generations in a configuration without models. */
    private static final String DEFAULT_ROUTE = "default";

    private static final Pattern NAME = Pattern.compile("[\\p{Alnum}_.:/@-]{1,200}");
    private static final Pattern TARGET = Pattern.compile(
            "(?<backend>[a-z0-9-]{1,40})(/(?<model>[^\\s,=\\p{Cntrl}]{1,200}))?(=(?<weight>[0-9]{1,4}))?");
    private static final int MAX_WEIGHT = 1000;
    private static final String EXPECTED =
            "backends such as comfy-1, openai/gpt-image-2, or with weights, comfy-1=3, comfy-2=1";

    /** @throws SettingsException for the first invalid model */
    List<ModelSettings> read() {
        Map<String, SettingValue> values = layeredSettings.models();
        if (values.isEmpty()) {
            String model = backends.get(0).model();
            return List.of(new ModelSettings(
                    DEFAULT_ROUTE,
                    backends.size() == 1 ? model : null,
                    backends.stream()
                            .map(backend -> new Target(backend.name(), backend.model(), null))
                            .toList()));
        }
        List<ModelSettings> models = new ArrayList<>();
        values.forEach((name, value) -> models.add(readModel(name, value)));
        return models;
    }

    private ModelSettings readModel(String name, SettingValue value) {
        if (!NAME.matcher(name).matches()) {
            throw value.expected("a model name of 1 to 200 letters, digits and _ . : / @ -");
        }
        List<Target> targets = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (String text : value.text().split("\\s*,\\s*", -1)) {
            Target target = readTarget(name, text, value);
            if (!names.add(target.backend())) {
                throw value.expected("each backend once");
            }
            targets.add(target);
        }
        long weighted =
                targets.stream().filter(target -> target.weight() != null).count();
        if (weighted != 0 && weighted != targets.size()) {
            throw value.expected("a weight for each backend, or for none");
        }
        return new ModelSettings(name, name, targets);
    }

    private Target readTarget(String name, String text, SettingValue value) {
        Matcher target = TARGET.matcher(text);
        if (!target.matches()) {
            throw value.expected(EXPECTED);
        }
        BackendSettings backend = backends.stream()
                .filter(each -> each.name().equals(target.group("backend")))
                .findFirst()
                .orElseThrow(() -> value.expected("a backend named in backends, not " + target.group("backend")));
        Integer weight = target.group("weight") == null ? null : Integer.valueOf(target.group("weight"));
        if (weight != null && (weight < 1 || weight > MAX_WEIGHT)) {
            throw value.expected("weights from 1 to " + MAX_WEIGHT);
        }
        String model = target.group("model");
        if (model == null) {
            model = backend.model() == null ? name : backend.model();
        }
        return new Target(backend.name(), model, weight);
    }
}
