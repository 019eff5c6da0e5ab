package dev.darkroom.documentation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.documentation.markdown.SiteUrls;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Renders the site of this repository. */
class DocumentationSiteTest {
    private static final Pattern LINK = Pattern.compile("(?:href|src)=\"([^\"]*)\"");
    private static final Pattern ID = Pattern.compile(" id=\"([^\"]*)\"");

    /** Documents that other parts of the service serve. */
    private static final Pattern SERVED_ELSEWHERE = Pattern.compile("|openapi\\.(yaml|json)|studio/.*");

    private static Map<String, SiteDocument> documents;

    @BeforeAll
    static void render() {
        DocumentationSite site = new DocumentationSite("1.2.3");
        documents = new TreeMap<>();
        site.urls().forEach(url -> documents.put(url, site.find(url).orElseThrow()));
    }

    @Test
    void everyLinkAndAnchorResolves() {
        List<String> broken = new ArrayList<>();
        pages().forEach((url, html) -> {
            for (String link : links(html)) {
                check(url, link, broken);
            }
        });

        assertThat(broken).isEmpty();
    }

    private static void check(String url, String link, List<String> broken) {
        if (link.matches("(https?|mailto):.*")) {
            return;
        }
        URI target = URI.create("http://darkroom/" + url).resolve(link);
        String path = URLDecoder.decode(target.getRawPath().substring(1), StandardCharsets.UTF_8);
        if (link.startsWith("#")) {
            path = url;
        }
        SiteDocument document = documents.get(path);
        if (document == null) {
            if (!SERVED_ELSEWHERE.matcher(path).matches()) {
                broken.add(url + ": " + link + " (no such page)");
            }
        } else if (target.getFragment() != null && !ids(text(document)).contains(target.getFragment())) {
            broken.add(url + ": " + link + " (no such anchor)");
        }
    }

    @Test
    void containsEveryMarkdownFileOfTheDocumentation() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("docs"))) {
            assertThat(files.map(Path::toString).filter(file -> file.endsWith(".md")))
                    .allSatisfy(file -> assertThat(documents).containsKey(SiteUrls.page(file)));
        }
        assertThat(documents)
                .containsKeys("docs", "docs/events", "docs/guide", "docs/guide/about", "docs/guide/contributing");
    }

    @Test
    void idsOfAPageAreUnique() {
        pages().forEach((url, html) -> {
            List<String> ids =
                    ID.matcher(html).results().map(found -> found.group(1)).toList();
            assertThat(ids).as(url).doesNotHaveDuplicates();
        });
    }

    @Test
    void pagesContainNoInlineScriptsAndStyles() {
        assertThat(pages()).isNotEmpty().allSatisfy((url, html) -> {
            // Text is escaped, so that quotation marks after an equals sign occur in tags only.
            assertThat(html).doesNotContainPattern("<[^>]* style=\"").doesNotContainPattern("<[^>]* on[a-z]+=\"");
            assertThat(html).doesNotContain("<style").doesNotContainPattern("<script(?![^>]* src=)");
        });
    }

    @Test
    void replacesMermaidSourceByItsDrawing() {
        assertThat(page("docs/guide/architecture"))
                .contains("src=\"../../docs/guide/diagrams/components.svg\"")
                .doesNotContain("flowchart");
        assertThat(documents.get("docs/guide/diagrams/components-dark.svg").mediaType())
                .isEqualTo("image/svg+xml");
    }

    @Test
    void navigationFollowsTheTableOfTheReadme() {
        String page = page("docs/guide/backends/openai");

        assertThat(page)
                .contains("<p>Try it</p>", "<p>Call it</p>", "aria-current=\"page\"")
                .containsSubsequence("rel=\"prev\"", "rel=\"next\"");
        assertThat(page("docs/guide/tour")).doesNotContain("docs/guide/backends/openai");
    }

    @Test
    void searchIndexContainsSectionsOfAllPages() {
        JsonObject index = new JsonObject(text(documents.get("docs/assets/search-index.json")));
        JsonArray pages = index.getJsonArray("pages");

        assertThat(pages).hasSizeGreaterThan(100);
        assertThat(index.getJsonArray("sections").stream().map(JsonArray.class::cast))
                .anySatisfy(section -> {
                    assertThat(pages.getJsonArray(section.getInteger(0)).getString(0))
                            .isEqualTo("docs/guide/retries");
                    assertThat(section.getString(1)).isEqualTo("the-circuit-breaker");
                    assertThat(section.getString(2)).isEqualTo("The circuit breaker");
                    assertThat(section.getString(3)).contains("open");
                });
    }

    @Test
    void describesEveryChannelAndMessageOfTheAsyncApiDocument() {
        assertThat(page("docs/events"))
                .contains(
                        "id=\"notificationStream\"",
                        "id=\"webhook\"",
                        "id=\"kafkaEvents\"",
                        "<code>darkroom.generation.events</code>",
                        "<code>data.generationId</code>",
                        "href=\"../docs/guide/notifications\"");
    }

    private static Map<String, String> pages() {
        Map<String, String> pages = new TreeMap<>();
        documents.forEach((url, document) -> {
            if (document.mediaType().startsWith("text/html")) {
                pages.put(url, text(document));
            }
        });
        return pages;
    }

    private static String page(String url) {
        return text(documents.get(url));
    }

    private static String text(SiteDocument document) {
        return new String(document.bytes(), StandardCharsets.UTF_8);
    }

    private static Set<String> links(String html) {
        Set<String> links = new HashSet<>();
        Matcher matcher = LINK.matcher(html);
        while (matcher.find()) {
            links.add(matcher.group(1).replace("&amp;", "&"));
        }
        return links;
    }

    private static Set<String> ids(String html) {
        Set<String> ids = new HashSet<>();
        ID.matcher(html).results().forEach(found -> ids.add(found.group(1)));
        return ids;
    }
}
