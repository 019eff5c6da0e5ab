package dev.darkroom.generation.route;

import dev.darkroom.backend.BackendCapabilities;
import dev.darkroom.backend.StubImageBackend;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.ModelSettings;
import dev.darkroom.config.ModelSettings.Target;
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
        return catalog(TestSettings.DEFAULTS.backend(), name);
    }

    /** As {@link #catalog(String)}, with the limits of a backend. */
    public static ModelCatalog catalog(BackendSettings backend, String name) {
        return new ModelCatalog(
                List.of(new ModelSettings("default", name, List.of(new Target(backend.name(), name, null)))),
                capabilities(List.of(backend)));
    }

    /** Returns a catalog of backends without parameters and with the limits of the settings only. */
    public static ModelCatalog catalog(List<ModelSettings> models, List<BackendSettings> backends) {
        return new ModelCatalog(models, capabilities(backends));
    }

    /** Returns capabilities without parameters, and with the limits of the settings only. */
    public static List<BackendCapabilities> capabilities(List<BackendSettings> backends) {
        return backends.stream()
                .map(backend -> new BackendCapabilities(backend, new StubImageBackend(backend.name()), null))
                .toList();
    }
}
