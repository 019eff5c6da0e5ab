package dev.darkroom.monitoring;

import com.fasterxml.jackson.databind.JsonNode;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;

/**
 * Renders the dashboard of a file in {@code src/monitoring} as JSON of Grafana: adds ids, positions, variables and the options that all
 * panels share. Positions follow from the order: a panel that does not fit into the line begins the next one.
 */
final class DashboardRenderer {
    private static final int GRID_WIDTH = 24;
    private static final JsonObject DATA_SOURCE =
            new JsonObject().put("type", "prometheus").put("uid", "${datasource}");

    private int nextId = 1;
    private int x;
    private int y;

    /** @param dashboard with {@code uid}, {@code title}, {@code description}, {@code variables} and {@code rows} */
    JsonObject render(JsonNode dashboard) {
        JsonArray panels = new JsonArray();
        int lineHeight = 0;
        for (JsonNode row : dashboard.required("rows")) {
            x = 0;
            y += lineHeight;
            panels.add(row(row));
            y++;
            lineHeight = 0;
            for (JsonNode panel : row.required("panels")) {
                int width = panel.path("width").asInt(8);
                if (x + width > GRID_WIDTH) {
                    x = 0;
                    y += lineHeight;
                    lineHeight = 0;
                }
                panels.add(panel(panel, width));
                x += width;
                lineHeight = Math.max(lineHeight, height(panel));
            }
        }
        return new JsonObject()
                .put("uid", dashboard.required("uid").asText())
                .put("title", dashboard.required("title").asText())
                .put("description", dashboard.required("description").asText())
                .put("tags", new JsonArray().add("darkroom"))
                .put("schemaVersion", 39)
                .put("editable", true)
                .put("timezone", "utc")
                .put("refresh", "30s")
                .put("graphTooltip", 1)
                .put("time", new JsonObject().put("from", "now-1h").put("to", "now"))
                .put("links", new JsonArray().add(otherDashboards()))
                .put("annotations", new JsonObject().put("list", new JsonArray().add(firingAlerts())))
                .put("templating", new JsonObject().put("list", variables(dashboard)))
                .put("panels", panels);
    }

    private static JsonObject otherDashboards() {
        return new JsonObject()
                .put("type", "dashboards")
                .put("title", "Darkroom")
                .put("tags", new JsonArray().add("darkroom"))
                .put("icon", "external link")
                .put("tooltip", "Other dashboards of Darkroom")
                .put("url", "")
                .put("asDropdown", true)
                .put("includeVars", true)
                .put("keepTime", true)
                .put("targetBlank", false);
    }

    private static JsonObject firingAlerts() {
        return new JsonObject()
                .put("name", "Firing alerts")
                .put("datasource", DATA_SOURCE)
                .put("enable", true)
                .put("iconColor", "red")
                .put("expr", "ALERTS{alertstate=\"firing\", job=~\"$job\"}")
                .put("titleFormat", "{{alertname}}")
                .put("textFormat", "{{instance}} {{backend}}");
    }

    private static JsonArray variables(JsonNode dashboard) {
        JsonArray list = new JsonArray()
                .add(new JsonObject()
                        .put("name", "datasource")
                        .put("label", "Data source")
                        .put("type", "datasource")
                        .put("query", "prometheus"));
        dashboard.required("variables").forEach(variable -> {
            JsonObject rendered = new JsonObject()
                    .put("name", variable.required("name").asText())
                    .put("label", variable.required("label").asText())
                    .put("type", "query")
                    .put("datasource", DATA_SOURCE)
                    .put(
                            "query",
                            new JsonObject()
                                    .put("query", variable.required("query").asText())
                                    .put("refId", "variable"))
                    .put("refresh", 2)
                    .put("sort", 1);
            if (variable.path("all").asBoolean()) {
                rendered.put("includeAll", true)
                        .put("multi", true)
                        .put("allValue", ".*")
                        .put("current", new JsonObject().put("text", "All").put("value", "$__all"));
            }
            list.add(rendered);
        });
        return list;
    }

    private JsonObject row(JsonNode row) {
        return new JsonObject()
                .put("id", nextId++)
                .put("type", "row")
                .put("title", row.required("title").asText())
                .put("collapsed", false)
                .put("gridPos", position(GRID_WIDTH, 1))
                .put("panels", new JsonArray());
    }

    private JsonObject position(int width, int height) {
        return new JsonObject().put("x", x).put("y", y).put("w", width).put("h", height);
    }

    private static int height(JsonNode panel) {
        return panel.path("height").asInt(type(panel).equals("stat") ? 4 : 8);
    }

    private static String type(JsonNode panel) {
        return panel.path("type").asText("timeseries");
    }

    private JsonObject panel(JsonNode panel, int width) {
        String type = type(panel);
        return new JsonObject()
                .put("id", nextId++)
                .put("type", type)
                .put("title", panel.required("title").asText())
                .put("description", panel.required("description").asText().strip())
                .put("gridPos", position(width, height(panel)))
                .put("datasource", DATA_SOURCE)
                .put("fieldConfig", fieldConfig(type, panel))
                .put("options", options(type))
                .put("targets", targets(panel));
    }

    private static JsonObject fieldConfig(String type, JsonNode panel) {
        JsonObject defaults =
                new JsonObject().put("unit", panel.required("unit").asText());
        // A colour mode that follows the thresholds needs them; lines of several series need different colours.
        defaults.put(
                "color", new JsonObject().put("mode", type.equals("timeseries") ? "palette-classic" : "thresholds"));
        for (String limit : List.of("min", "max", "decimals")) {
            if (panel.has(limit)) {
                defaults.put(limit, panel.get(limit).numberValue());
            }
        }
        if (type.equals("timeseries")) {
            JsonObject custom = new JsonObject()
                    .put("lineWidth", 1)
                    .put("fillOpacity", panel.path("stack").asBoolean() ? 30 : 5)
                    .put("showPoints", "never");
            if (panel.path("stack").asBoolean()) {
                custom.put("stacking", new JsonObject().put("mode", "normal").put("group", "A"));
            }
            if (panel.has("thresholds")) {
                custom.put("thresholdsStyle", new JsonObject().put("mode", "line"));
            }
            defaults.put("custom", custom);
        }
        if (panel.has("thresholds")) {
            JsonArray steps = new JsonArray();
            panel.get("thresholds").forEach(step -> {
                Map.Entry<String, JsonNode> each = step.fields().next();
                steps.add(new JsonObject()
                        .put("color", each.getKey())
                        .put("value", each.getValue().numberValue()));
            });
            defaults.put("thresholds", new JsonObject().put("mode", "absolute").put("steps", steps));
        }
        if (panel.has("values")) {
            JsonObject texts = new JsonObject();
            int index = 0;
            for (Map.Entry<String, JsonNode> value : panel.get("values").properties()) {
                String[] colorAndText = value.getValue().asText().split(" ", 2);
                texts.put(
                        value.getKey(),
                        new JsonObject()
                                .put("index", index++)
                                .put("color", colorAndText[0])
                                .put("text", colorAndText[1]));
            }
            defaults.put(
                    "mappings",
                    new JsonArray().add(new JsonObject().put("type", "value").put("options", texts)));
        }
        return new JsonObject().put("defaults", defaults).put("overrides", new JsonArray());
    }

    private static JsonObject options(String type) {
        JsonObject legend = new JsonObject()
                .put("showLegend", true)
                .put("displayMode", "list")
                .put("placement", "bottom")
                .put("calcs", new JsonArray());
        JsonObject tooltip = new JsonObject().put("mode", "multi").put("sort", "desc");
        return switch (type) {
            case "timeseries" -> new JsonObject().put("legend", legend).put("tooltip", tooltip);
            case "state-timeline" ->
                new JsonObject()
                        .put("legend", legend)
                        .put("tooltip", tooltip)
                        .put("showValue", "auto")
                        .put("mergeValues", true)
                        .put("rowHeight", 0.9);
            case "stat" ->
                new JsonObject()
                        .put(
                                "reduceOptions",
                                new JsonObject()
                                        .put("calcs", new JsonArray().add("lastNotNull"))
                                        .put("fields", "")
                                        .put("values", false))
                        .put("graphMode", "area")
                        .put("colorMode", "value")
                        .put("justifyMode", "auto")
                        .put("textMode", "auto")
                        .put("wideLayout", true)
                        .put("showPercentChange", false)
                        .put("percentChangeColorMode", "standard")
                        .put("orientation", "auto");
            default -> throw new IllegalArgumentException("type of panel: " + type);
        };
    }

    private static JsonArray targets(JsonNode panel) {
        JsonArray targets = new JsonArray();
        char refId = 'A';
        for (JsonNode query : panel.required("queries")) {
            targets.add(new JsonObject()
                    .put("refId", String.valueOf(refId++))
                    .put("datasource", DATA_SOURCE)
                    .put("expr", query.required("expr").asText().strip())
                    .put("legendFormat", query.path("legend").asText("")));
        }
        return targets;
    }
}
