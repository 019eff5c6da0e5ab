package dev.darkroom.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Suggests the known name that is closest to an unknown one. */
final class NameSuggestion {
    private NameSuggestion() {}

    /** Returns the end of a message, such as {@code ; did you mean "http.port"?}, or an empty string when no name is close. */
    static String suggest(String name, Collection<String> known) {
        // The name without its section, when exactly one section has it.
        List<String> pathsWithSameEnd =
                known.stream().filter(path -> path.endsWith("." + name)).toList();
        if (pathsWithSameEnd.size() == 1) {
            return asQuestion(pathsWithSameEnd.get(0));
        }
        // Skips the comparison for long texts, whose edit distance is expensive to compute.
        int maxDistance = name.length() > 80 ? -1 : Math.max(1, Math.min(3, name.length() / 4));
        return known.stream()
                .min(Comparator.comparingInt(candidate -> distance(name, candidate)))
                .filter(nearest -> maxDistance >= 0 && distance(name, nearest) <= maxDistance)
                .map(NameSuggestion::asQuestion)
                .orElse("");
    }

    private static String asQuestion(String name) {
        return "; did you mean \"" + name + "\"?";
    }

    /** Returns the Levenshtein distance, ignoring case. */
    private static int distance(String left, String right) {
        String a = left.toLowerCase(Locale.ROOT);
        String b = right.toLowerCase(Locale.ROOT);
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(change, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
