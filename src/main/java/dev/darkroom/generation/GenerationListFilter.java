package dev.darkroom.generation;

import dev.darkroom.eventbus.FieldError;
import dev.darkroom.eventbus.InvalidCommandException;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Filter and page of a list of generations.
 *
 * @param status null for all
 * @param createdFrom earliest creation time, inclusive; null for no limit
 * @param createdBefore latest creation time, exclusive; null for no limit
 * @param limit maximum number of generations in the page
 * @param cursor end of the previous page; null for the first page
 */
public record GenerationListFilter(
        GenerationStatus status, Instant createdFrom, Instant createdBefore, int limit, GenerationListCursor cursor) {
    private static final int DEFAULT_LIMIT = 20;
    private static final int MAX_LIMIT = 100;
    private static final Instant EARLIEST = Instant.parse("0001-01-01T00:00:00Z");
    private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59Z");

    /**
     * Parses the fields of a JSON command or the parameters of an HTTP request. Ignores other fields.
     *
     * @throws InvalidCommandException with all invalid fields
     */
    public static GenerationListFilter parse(JsonObject fields) {
        List<FieldError> errors = new ArrayList<>();
        GenerationListFilter filter = new GenerationListFilter(
                parseStatus(fields, errors),
                // Clients see milliseconds, the database stores microseconds. The limits are rounded to compare what
                // clients see.
                parseTime(
                        fields,
                        "createdAfter",
                        errors,
                        time -> time.truncatedTo(ChronoUnit.MILLIS).plusMillis(1)),
                parseTime(fields, "createdBefore", errors, GenerationListFilter::roundUp),
                parseLimit(fields, errors),
                parseCursor(fields, errors));
        if (!errors.isEmpty()) {
            throw new InvalidCommandException("invalid list parameters", errors);
        }
        return filter;
    }

    /** Returns whether PostgreSQL and Java format the time alike: they differ for the year 0 and beyond the year 9999. */
    static boolean isInRange(Instant time) {
        return !time.isBefore(EARLIEST) && !time.isAfter(LATEST);
    }

    private static Instant roundUp(Instant time) {
        Instant millis = time.truncatedTo(ChronoUnit.MILLIS);
        return millis.equals(time) ? time : millis.plusMillis(1);
    }

    private static GenerationStatus parseStatus(JsonObject fields, List<FieldError> errors) {
        Object status = fields.getValue("status");
        if (status == null) {
            return null;
        }
        for (GenerationStatus known : GenerationStatus.values()) {
            if (known.name().equals(status)) {
                return known;
            }
        }
        errors.add(new FieldError("status", "must be PENDING, COMPLETE or FAILED"));
        return null;
    }

    private static Instant parseTime(
            JsonObject fields, String field, List<FieldError> errors, UnaryOperator<Instant> rounding) {
        Object text = fields.getValue(field);
        if (text == null) {
            return null;
        }
        try {
            Instant time = OffsetDateTime.parse(String.valueOf(text)).toInstant();
            if (isInRange(time)) {
                return rounding.apply(time);
            }
        } catch (DateTimeParseException invalid) {
            // Reported below.
        }
        errors.add(new FieldError(field, "must be a date and a time with its offset, such as 2026-11-23T10:15:30Z"));
        return null;
    }

    private static int parseLimit(JsonObject fields, List<FieldError> errors) {
        Object limit = fields.getValue("limit", DEFAULT_LIMIT);
        if (limit instanceof Integer number && number >= 1 && number <= MAX_LIMIT) {
            return number;
        }
        errors.add(new FieldError("limit", "must be an integer between 1 and " + MAX_LIMIT));
        return DEFAULT_LIMIT;
    }

    private static GenerationListCursor parseCursor(JsonObject fields, List<FieldError> errors) {
        Object text = fields.getValue("cursor");
        if (text == null) {
            return null;
        }
        return GenerationListCursor.parse(String.valueOf(text)).orElseGet(() -> {
            errors.add(new FieldError("cursor", "is not a valid cursor"));
            return null;
        });
    }
}
