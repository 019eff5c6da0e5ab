package dev.darkroom.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Guesses which name somebody meant. */
final class NameSuggestion {
    private NameSuggestion() {}

    /** The end of a message, {@code ; did you mean "retry.initialDelay"?}, or nothing when no name is close. */
    static String suggest(String name, Collection<String> known) {
        // The right word in the wrong section, when only one section has it.
        List<String> elsewhere =
                known.stream().filter(path -> path.endsWith("." + name)).toList();
        if (elsewhere.size() == 1) {
            return asQuestion(elsewhere.get(0));
        }
        // Names are short; the limit keeps a pasted novel from being compared at all.
        int allowed = name.length() > 80 ? -1 : Math.max(1, Math.min(3, name.length() / 4));
        return known.stream()
                .min(Comparator.comparingInt(candidate -> distance(name, candidate)))
                .filter(nearest -> allowed >= 0 && distance(name, nearest) <= allowed)
                .map(NameSuggestion::asQuestion)
                .orElse("");
    }

    private static String asQuestion(String name) {
        return "; did you mean \"" + name + "\"?";
    }

    /** Levenshtein's distance without regard to case: letters to add, drop or change. */
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
