package dev.darkroom.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The Markdown pages of the repository: their text, fenced blocks, anchors and links. */
final class MarkdownPages {
    private static final Pattern FENCE = Pattern.compile("(`{3,})([A-Za-z]*)\\s*");
    private static final Pattern HEADING = Pattern.compile("#{1,6} +(.*?) *#*");
    private static final Pattern LINK = Pattern.compile("\\[(?:[^\\[\\]]|\\[[^\\]]*\\])*\\]\\(<?([^)\\s>]+)>?\\)");
    private static final Pattern CODE_SPAN = Pattern.compile("`[^`\n]*`");

    private MarkdownPages() {}

    /**
     * A fenced block.
     *
     * @param page path of the page
     * @param line number of the opening fence, from 1
     * @param tag after the opening fence; empty when there is none
     * @param text between the fences, with line breaks
     */
    record Block(Path page, int line, String tag, String text) {
        String firstLine() {
            return text.lines().findFirst().orElse("");
        }

        @Override
        public String toString() {
            return page + ":" + line + " " + firstLine();
        }
    }

    /** Part of a page: prose lines, or one fenced block. {@code block} is null for prose. */
    private record Part(List<String> prose, Block block) {}

    /** Returns all pages, sorted by path. */
    static List<Path> all() {
        try (Stream<Path> docs = Files.walk(Path.of("docs"));
                Stream<Path> examples = Files.walk(Path.of("src/examples"));
                Stream<Path> root = Files.list(Path.of("."))) {
            return Stream.of(
                            root.map(file -> Path.of(".").relativize(file)),
                            docs,
                            examples.filter(MarkdownPages::isOwn))
                    .flatMap(files -> files)
                    .filter(file -> file.toString().endsWith(".md"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns whether a file is part of the repository, and not of an installed package. */
    private static boolean isOwn(Path file) {
        return !file.toString().contains("node_modules") && !file.toString().contains(".venv");
    }

    static String read(Path page) {
        try {
            return Files.readString(page);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the fenced blocks of a page, in order. */
    static List<Block> blocks(Path page) {
        return parts(page).stream()
                .map(Part::block)
                .filter(block -> block != null)
                .toList();
    }

    /** Returns whether only blank lines separate a block from the previous one. */
    static boolean followsDirectly(Path page, Block block) {
        Block previous = null;
        boolean blank = false;
        for (Part part : parts(page)) {
            if (part.block() == null) {
                blank = part.prose().stream().allMatch(String::isBlank);
            } else if (part.block().line() == block.line()) {
                return previous != null && blank;
            } else {
                previous = part.block();
            }
        }
        return false;
    }

    /** Returns the anchors that GitHub derives from the headings of a page. */
    static List<String> anchors(Path page) {
        Map<String, Integer> seen = new TreeMap<>();
        List<String> anchors = new ArrayList<>();
        for (String line : prose(page)) {
            Matcher heading = HEADING.matcher(line);
            if (heading.matches()) {
                String text = heading.group(1).replaceAll("\\[([^\\]]*)\\]\\([^)]*\\)", "$1");
                String slug = text.toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\p{L}\\p{N}\\p{M}_ -]", "")
                        .replace(' ', '-');
                int count = seen.merge(slug, 1, Integer::sum);
                anchors.add(count == 1 ? slug : slug + "-" + (count - 1));
            }
        }
        return anchors;
    }

    /** Returns the targets of all links outside of code. */
    static List<String> links(Path page) {
        String text = CODE_SPAN.matcher(String.join("\n", prose(page))).replaceAll("code");
        return LINK.matcher(text).results().map(found -> found.group(1)).toList();
    }

    /** Returns the lines of a page without fenced blocks. */
    static List<String> prose(Path page) {
        return parts(page).stream()
                .filter(part -> part.block() == null)
                .flatMap(part -> part.prose().stream())
                .toList();
    }

    /** Returns the code spans in the first column of all tables whose first column has this heading. */
    static Set<String> tableCells(Path page, String heading) {
        Set<String> cells = new LinkedHashSet<>();
        boolean inside = false;
        for (String line : prose(page)) {
            if (line.startsWith("| " + heading + " |")) {
                inside = true;
            } else if (!line.startsWith("|")) {
                inside = false;
            } else if (inside) {
                CODE_SPAN
                        .matcher(line.split("\\|", 3)[1])
                        .results()
                        .map(span -> span.group().substring(1, span.group().length() - 1))
                        .forEach(cells::add);
            }
        }
        return cells;
    }

    private static List<Part> parts(Path page) {
        List<Part> parts = new ArrayList<>();
        List<String> prose = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        String fence = null;
        String tag = "";
        int begin = 0;
        int number = 0;
        for (String line : read(page).lines().toList()) {
            number++;
            Matcher matcher = FENCE.matcher(line);
            if (fence != null) {
                if (line.strip().equals(fence)) {
                    parts.add(new Part(List.of(), new Block(page, begin, tag, text.toString())));
                    fence = null;
                } else {
                    text.append(line).append('\n');
                }
            } else if (matcher.matches()) {
                parts.add(new Part(List.copyOf(prose), null));
                prose.clear();
                text.setLength(0);
                fence = matcher.group(1);
                tag = matcher.group(2);
                begin = number;
            } else {
                prose.add(line);
            }
        }
        if (fence != null) {
            throw new IllegalStateException(page + ":" + begin + ": fence without an end");
        }
        parts.add(new Part(List.copyOf(prose), null));
        return parts;
    }
}
