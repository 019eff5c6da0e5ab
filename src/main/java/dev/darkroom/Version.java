package dev.darkroom;

/** Which Darkroom this is. */
final class Version {
    private Version() {}

    /** The version that the jar's manifest states; "development" when run from classes. */
    static String current() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
