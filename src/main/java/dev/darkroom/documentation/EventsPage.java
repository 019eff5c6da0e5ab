package dev.darkroom.documentation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.darkroom.documentation.PageFrame.ContentsEntry;
import dev.darkroom.documentation.markdown.HtmlText;
import dev.darkroom.documentation.markdown.MarkdownHtmlRenderer;
import dev.darkroom.documentation.markdown.MarkdownPageParser;
import dev.darkroom.documentation.markdown.PackagedFiles;
import dev.darkroom.documentation.markdown.SiteUrls;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Renders the AsyncAPI document as a page: a section for each channel, with its messages. */
final class EventsPage {
    private static final String DOCUMENT = "docs/asyncapi.yaml";
    private static final String SCHEMAS = "docs/schemas/notifications.schema.json";
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final JsonNode document;
    private final EventSchemaHtml schemas;
    private final MarkdownPageParser parser;
    private final MarkdownHtmlRenderer markdown;
    private final StringBuilder html = new StringBuilder();
    private final List<ContentsEntry> contents = new ArrayList<>();

    private EventsPage(PackagedFiles files, MarkdownPageParser parser, MarkdownHtmlRenderer markdown) {
        this.parser = parser;
        this.markdown = markdown;
        try {
            document = new YAMLMapper().readTree(files.readText(DOCUMENT));
            schemas = new EventSchemaHtml(JSON.readTree(files.readText(SCHEMAS)));
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Content and sections of the page. */
    record Content(String html, List<ContentsEntry> contents) {}

    static Content render(PackagedFiles files, MarkdownPageParser parser, MarkdownHtmlRenderer markdown) {
        EventsPage page = new EventsPage(files, parser, markdown);
        page.append();
        return new Content(page.html.toString(), page.contents);
    }

    private void append() {
        html.append("<h1 id=\"events\">Events</h1>")
                .append("<p class=\"documents\"><a href=\"../")
                .append(SiteUrls.ASYNCAPI_DOCUMENT)
                .append("\" download>asyncapi.yaml</a><a href=\"../")
                .append(SiteUrls.EVENT_SCHEMAS)
                .append("\" download>notifications.schema.json</a><a href=\"../")
                .append(SiteUrls.REFERENCE)
                .append("\">API reference</a></p>");
        appendMarkdown(document.path("info").path("description"));
        document.path("channels")
                .fields()
                .forEachRemaining(channel -> appendChannel(channel.getKey(), channel.getValue()));
    }

    private void appendChannel(String id, JsonNode channel) {
        appendHeading(2, id, channel.path("title").asText());
        JsonNode server = follow(channel.path("servers").path(0));
        html.append("<dl class=\"channel\">");
        appendTerm(
                "Address",
                channel.path("address").isNull()
                        ? "the URL that the user registers"
                        : HtmlText.code(channel.path("address").asText()));
        appendTerm("Protocol", HtmlText.code(server.path("protocol").asText()));
        String url =
                server.path("protocol").asText() + "://" + server.path("host").asText();
        appendTerm(
                "Server",
                "for example " + HtmlText.code(url) + ". "
                        + HtmlText.escape(server.path("description").asText()));
        channel.path("parameters")
                .fields()
                .forEachRemaining(parameter -> appendTerm(
                        "Parameter " + HtmlText.code(parameter.getKey()),
                        HtmlText.escape(parameter.getValue().path("description").asText())));
        html.append("</dl>");
        appendMarkdown(channel.path("description"));
        document.path("operations").forEach(operation -> {
            if (operation.path("channel").path("$ref").asText().equals("#/channels/" + id)) {
                appendOperation(id, operation);
            }
        });
    }

    private void appendOperation(String channelId, JsonNode operation) {
        boolean sends = operation.path("action").asText().equals("send");
        html.append("<p class=\"operation\"><span class=\"badge ")
                .append(sends ? "info\">Darkroom sends" : "neutral\">Darkroom receives")
                .append("</span> ")
                .append(HtmlText.escape(operation.path("summary").asText()))
                .append("</p>");
        appendQuery(operation.path("bindings").path("http").path("query").path("properties"));
        operation.path("messages").forEach(reference -> appendMessage(channelId, follow(follow(reference))));
    }

    private void appendQuery(JsonNode parameters) {
        List<String> names = new ArrayList<>();
        parameters.fieldNames().forEachRemaining(name -> names.add(HtmlText.code(name)));
        if (!names.isEmpty()) {
            html.append("<p>Query parameters: ")
                    .append(String.join(", ", names))
                    .append("</p>");
        }
    }

    private void appendMessage(String channelId, JsonNode message) {
        String name = message.path("name").asText();
        appendHeading(
                3,
                (channelId + '-' + name).toLowerCase(Locale.ROOT),
                message.path("title").asText());
        html.append("<p>")
                .append(HtmlText.code(name))
                .append(", ")
                .append(HtmlText.code(message.path("contentType").asText()))
                .append("</p>");
        if (message.has("headers")) {
            html.append("<h4>Headers</h4>").append(schemas.render(message.path("headers")));
            html.append("<h4>Payload</h4>");
        }
        html.append(schemas.render(message.path("payload")));
        message.path("examples").forEach(this::appendExample);
    }

    private void appendExample(JsonNode example) {
        html.append("<details open><summary>Example: ")
                .append(HtmlText.escape(example.path("name").asText()))
                .append("</summary>");
        for (String part : List.of("headers", "payload")) {
            if (example.has(part)) {
                html.append("<pre><code class=\"language-json\">")
                        .append(HtmlText.escape(pretty(example.path(part))))
                        .append("</code></pre>");
            }
        }
        html.append("</details>");
    }

    private static String pretty(JsonNode value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void appendHeading(int level, String anchor, String title) {
        contents.add(new ContentsEntry(level, anchor, title));
        html.append(String.format(
                "<h%d id=\"%s\">%s<a class=\"anchor\" href=\"#%s\" aria-hidden=\"true\" tabindex=\"-1\">#</a></h%d>",
                level, anchor, HtmlText.escape(title), anchor, level));
    }

    private void appendTerm(String term, String description) {
        html.append("<div><dt>")
                .append(term)
                .append("</dt><dd>")
                .append(description)
                .append("</dd></div>");
    }

    private void appendMarkdown(JsonNode text) {
        if (text.isTextual()) {
            html.append(markdown.render(SiteUrls.EVENTS, parser.parse(DOCUMENT, text.asText())));
        }
    }

    private JsonNode follow(JsonNode reference) {
        String pointer = reference.path("$ref").asText();
        return pointer.startsWith("#") ? document.at(pointer.substring(1)) : reference;
    }
}
