package dev.darkroom.docs;

import java.util.ArrayList;
import java.util.List;

/** Splits a simple shell command into its words. */
final class ShellWordSplitter {
    private static final String OPERATORS = "|;&<>`(){}*?#";

    private ShellWordSplitter() {}

    /** Returns null when the command needs a shell: for a pipe, a variable, a redirection, or a second command. */
    static List<String> split(String command) {
        List<String> words = new ArrayList<>();
        StringBuilder word = null;
        char quote = 0;
        for (int i = 0; i < command.length(); i++) {
            char c = command.charAt(i);
            if (quote != 0) {
                if (c == quote) {
                    quote = 0;
                } else if (quote == '"' && (c == '$' || c == '`')) {
                    return null;
                } else if (quote == '"' && c == '\\') {
                    i++;
                    word.append(command.charAt(i));
                } else {
                    word.append(c);
                }
            } else if (c == '\'' || c == '"') {
                quote = c;
                word = word == null ? new StringBuilder() : word;
            } else if (c == '\\' && i + 1 < command.length()) {
                i++;
                if (command.charAt(i) != '\n') {
                    word = word == null ? new StringBuilder() : word;
                    word.append(command.charAt(i));
                }
            } else if (c == '\n' && !command.substring(i).isBlank()) {
                return null;
            } else if (Character.isWhitespace(c)) {
                if (word != null) {
                    words.add(word.toString());
                    word = null;
                }
            } else if (c == '$' || OPERATORS.indexOf(c) >= 0) {
                return null;
            } else {
                word = word == null ? new StringBuilder() : word;
                word.append(c);
            }
        }
        if (word != null) {
            words.add(word.toString());
        }
        return quote == 0 ? words : null;
    }
}
