package dev.darkroom.generation.route;

import dev.darkroom.config.Settings.Model;
import dev.darkroom.config.Settings.Target;
import dev.darkroom.config.TestSettings;
import java.util.List;

/** Catalogs of models for tests. */
public final class TestModels {
    private TestModels() {}

    /**
     * Returns a catalog with one model.
     *
     * @param name null when the AI server chooses the model
     */
    public static ModelCatalog catalog(String name) {
        return new ModelCatalog(
                List.of(new Model("default", name, List.of(new Target("default", name, null)))),
                TestSettings.DEFAULTS.backends());
    }
}
