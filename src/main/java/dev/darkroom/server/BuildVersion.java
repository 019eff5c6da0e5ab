package dev.darkroom.server;

/** Which Darkroom this is. */
final class BuildVersion {
    private BuildVersion() {}

    /** The version that the jar's manifest states; "development" when run from classes. */
    static String current() {
        String version = BuildVersion.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
