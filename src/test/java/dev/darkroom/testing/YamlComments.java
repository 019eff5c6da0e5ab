package dev.darkroom.testing;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the comments of a YAML file with an indentation of two spaces. The comment above a key is its description. Keys below one comment
 * without an empty line between share it.
 */
public final class YamlComments {
    private static final Pattern COMMENT = Pattern.compile(" *# ?(.*)");
    private static final Pattern KEY = Pattern.compile("( *)([A-Za-z0-9]+):.*");

    private final Map<String, String> descriptions = new LinkedHashMap<>();
    private final Set<String> commented = new LinkedHashSet<>();
    private final Deque<String> sections = new ArrayDeque<>();
    private final List<String> comment = new ArrayList<>();
    private String description = "";

    private YamlComments() {}

    /**
     * Returns the description of each key by its path, such as {@code http.port}, for a cell of a Markdown table. Empty for a key without
     * comment.
     */
    public static Map<String, String> descriptions(String yaml) {
        YamlComments comments = new YamlComments();
        yaml.lines().forEach(comments::readLine);
        return Collections.unmodifiableMap(comments.descriptions);
    }

    /** Returns the paths of the keys with a comment directly above. */
    public static Set<String> commentedKeys(String yaml) {
        YamlComments comments = new YamlComments();
        yaml.lines().forEach(comments::readLine);
        return Collections.unmodifiableSet(comments.commented);
    }

    private void readLine(String line) {
        Matcher key = KEY.matcher(line);
        Matcher remark = COMMENT.matcher(line);
        if (remark.matches()) {
            comment.add(remark.group(1));
        } else if (key.matches()) {
            readKey(key.group(1).length() / 2, key.group(2));
        } else {
            comment.clear();
            description = "";
        }
    }

    private void readKey(int depth, String name) {
        while (sections.size() > depth) {
            sections.removeLast();
        }
        sections.addLast(name);
        if (!comment.isEmpty()) {
            description = String.join(" ", comment).replace("|", "\\|").replace("<", "&lt;");
            comment.clear();
            commented.add(String.join(".", sections));
        }
        descriptions.put(String.join(".", sections), description);
    }
}
