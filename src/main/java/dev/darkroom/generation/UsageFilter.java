package dev.darkroom.generation;

import dev.darkroom.eventbus.FieldError;
import dev.darkroom.eventbus.InvalidCommandException;
import io.vertx.core.json.JsonObject;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Period of a usage report, in days of UTC. Immutable.
 *
 * @param from first day; null for the first of the month
 * @param to last day; null for today
 */
public record UsageFilter(LocalDate from, LocalDate to) {
    private static final Pattern DATE = Pattern.compile("2[0-9]{3}-[0-9]{2}-[0-9]{2}");

    /**
     * Parses the fields {@code from} and {@code to} of a JSON command, or the parameters of an HTTP request. Ignores other fields.
     *
     * @throws InvalidCommandException with all invalid fields
     */
    public static UsageFilter parse(JsonObject fields) {
        List<FieldError> errors = new ArrayList<>();
        UsageFilter filter = new UsageFilter(parseDate(fields, "from", errors), parseDate(fields, "to", errors));
        if (filter.from != null && filter.to != null && filter.from.isAfter(filter.to)) {
            errors.add(new FieldError("to", "must not be before from"));
        }
        if (!errors.isEmpty()) {
            throw new InvalidCommandException("invalid usage parameters", errors);
        }
        return filter;
    }

    private static LocalDate parseDate(JsonObject fields, String field, List<FieldError> errors) {
        Object text = fields.getValue(field);
        if (text == null) {
            return null;
        }
        try {
            if (DATE.matcher(String.valueOf(text)).matches()) {
                return LocalDate.parse(String.valueOf(text));
            }
        } catch (DateTimeParseException invalid) {
            // Reported below.
        }
        errors.add(new FieldError(field, "must be a date such as 2026-11-23"));
        return null;
    }
}
