package dev.darkroom.server;

/** Version of this build. */
public final class BuildVersion {
    private BuildVersion() {}

    /** Returns the version from the manifest of the jar, or "development" when the classes do not come from a jar. */
    public static String current() {
        String version = BuildVersion.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
