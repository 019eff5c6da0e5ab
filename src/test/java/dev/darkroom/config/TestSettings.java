package dev.darkroom.config;

import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Settings for tests of other packages. */
public final class TestSettings {
    /** The default settings. */
    public static final Settings DEFAULTS =
            SettingsLoader.load(Map.of(), Path.of("/nowhere/at/all")).settings();

    private TestSettings() {}

    /**
     * Returns a copy of a section with other values, which may be outside the limits of the settings.
     *
     * @param namesAndValues name and value of each changed component, alternating
     */
    public static <T extends Record> T with(T section, Object... namesAndValues) {
        Map<Object, Object> changes = new HashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            changes.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        RecordComponent[] components = section.getClass().getRecordComponents();
        Object[] values = new Object[components.length];
        Class<?>[] types = new Class<?>[components.length];
        try {
            for (int i = 0; i < components.length; i++) {
                String name = components[i].getName();
                types[i] = components[i].getType();
                values[i] = changes.containsKey(name)
                        ? changes.remove(name)
                        : components[i].getAccessor().invoke(section);
            }
            if (!changes.isEmpty()) {
                throw new IllegalArgumentException("unknown components: " + changes.keySet());
            }
            @SuppressWarnings("unchecked")
            T copy = (T) section.getClass().getDeclaredConstructor(types).newInstance(values);
            return copy;
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(section.getClass().getName(), e);
        }
    }
}
