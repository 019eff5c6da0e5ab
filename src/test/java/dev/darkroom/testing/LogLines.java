package dev.darkroom.testing;

import java.util.ArrayList;
import java.util.List;

/** Filters of log lines. */
public final class LogLines {
    private LogLines() {}

    /** Returns the lines without the warnings of Vert.x about blocked threads, which a busy machine causes, and their stack traces. */
    public static List<String> withoutBlockedThreadWarnings(List<String> lines) {
        List<String> kept = new ArrayList<>();
        boolean inWarning = false;
        for (String line : lines) {
            if (line.contains("BlockedThreadChecker") || line.contains(" has been blocked for ")) {
                inWarning = true;
            } else if (!inWarning || !(line.startsWith("\tat ") || line.contains("VertxException: Thread blocked"))) {
                inWarning = false;
                kept.add(line);
            }
        }
        return kept;
    }
}
