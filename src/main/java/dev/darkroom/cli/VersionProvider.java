package dev.darkroom.cli;

import dev.darkroom.server.BuildVersion;
import picocli.CommandLine.IVersionProvider;

/** Supplies the version of this build for {@code --version}. */
final class VersionProvider implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {"Darkroom " + BuildVersion.current()};
    }
}
