package dev.darkroom.generation.json;

import dev.darkroom.generation.UsageReport;
import dev.darkroom.usage.UsageItem;
import dev.darkroom.usage.UsageSums;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

/** Writes usage as JSON, in the same form for HTTP and the event bus. */
public final class UsageJson {
    private UsageJson() {}

    /** Returns the JSON of a report. */
    public static JsonObject toJson(UsageReport report) {
        JsonArray items = new JsonArray();
        report.items().forEach(item -> items.add(toJson(item)));
        return new JsonObject()
                .put("currency", report.currency())
                .put("from", report.from().toString())
                .put("to", report.to().toString())
                .put("total", addSums(new JsonObject(), report.total()))
                .put("items", items);
    }

    private static JsonObject toJson(UsageItem item) {
        JsonObject json = new JsonObject().put("day", item.day().toString());
        if (item.user() != null) {
            json.put("user", item.user());
        }
        if (item.model() != null) {
            json.put("model", item.model());
        }
        return addSums(json.put("backend", item.backend()), item.sums());
    }

    private static JsonObject addSums(JsonObject json, UsageSums sums) {
        return json.put("attempts", sums.attempts())
                .put("submissions", sums.submissions())
                .put("lostSubmissions", sums.lostSubmissions())
                .put("images", sums.images())
                .put("costMicros", sums.costMicros())
                .put("reportedCostMicros", sums.reportedCostMicros());
    }
}
