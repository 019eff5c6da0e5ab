package dev.darkroom;

import dev.darkroom.cli.DarkroomCommandLine;

/** The command line: {@code java -jar darkroom.jar [serve|simulator|keys|users|doctor|explain|help]}. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.setProperty("java.awt.headless", "true");
        System.exit(DarkroomCommandLine.create().execute(args));
    }
}
