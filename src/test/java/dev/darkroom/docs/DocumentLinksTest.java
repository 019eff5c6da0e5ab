package dev.darkroom.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks that every relative link of the pages leads to an existing file and, with a fragment, to an existing heading. */
class DocumentLinksTest {
    static Stream<Path> pages() {
        return MarkdownPages.all().stream();
    }

    @ParameterizedTest
    @MethodSource("pages")
    void linksResolve(Path page) {
        List<String> broken = new ArrayList<>();
        for (String link : MarkdownPages.links(page)) {
            if (!link.matches("[a-z]+:.*")) {
                check(page, link, broken);
            }
        }

        assertThat(broken).as("broken links of %s", page).isEmpty();
    }

    @Test
    void parsesLinksAndAnchorsLikeGitHub() {
        assertThat(MarkdownPages.links(Path.of("docs/api.md"))).contains("#post-apigeneration", "../openapi.yaml");
        assertThat(MarkdownPages.anchors(Path.of("docs/api.md")))
                .contains(
                        "post-apigenerationgenerationidcancel", "request-too-large-413-414-431", "errors", "errors-1");
    }

    private static void check(Path page, String link, List<String> broken) {
        String[] parts = link.split("#", 2);
        String path = URLDecoder.decode(parts[0], StandardCharsets.UTF_8);
        Path target = path.isEmpty() ? page : page.resolveSibling(path).normalize();
        if (!Files.exists(target)) {
            broken.add(link + " (no such file)");
        } else if (parts.length == 2 && target.toString().endsWith(".md")) {
            if (!MarkdownPages.anchors(target).contains(parts[1])) {
                broken.add(link + " (no such heading)");
            }
        }
    }
}
