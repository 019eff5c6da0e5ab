package dev.darkroom.generation.store;

import dev.darkroom.eventbus.FieldError;
import dev.darkroom.generation.GenerationStatus;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.List;

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
        String status,
        OffsetDateTime createdFrom,
        OffsetDateTime createdBefore,
        int limit,
        GenerationListCursor cursor) {
    private static final int DEFAULT_LIMIT = 20;
    private static final int MAX_LIMIT = 100;
    private static final Duration ONE_MILLI = Duration.ofMillis(1);

    /** Parses the fields of a command. Adds invalid fields to {@code errors}; the filter is unusable when there are any. */
    public static GenerationListFilter parse(JsonObject command, List<FieldError> errors) {
        return new GenerationListFilter(
                parseStatus(command, errors),
                // Clients see milliseconds, the database stores microseconds. The limits are rounded to compare what
                // clients see.
                parseTime(
                        command,
                        "createdAfter",
                        errors,
                        time -> time.truncatedTo(ChronoUnit.MILLIS).plus(ONE_MILLI)),
                parseTime(command, "createdBefore", errors, GenerationListFilter::roundUp),
                parseLimit(command, errors),
                parseCursor(command, errors));
    }

    private static Instant roundUp(Instant time) {
        Instant millis = time.truncatedTo(ChronoUnit.MILLIS);
        return millis.equals(time) ? time : millis.plus(ONE_MILLI);
    }

    private static String parseStatus(JsonObject command, List<FieldError> errors) {
        Object status = command.getValue("status");
        if (status == null) {
            return null;
        }
        for (GenerationStatus known : GenerationStatus.values()) {
            if (known.name().equals(status)) {
                return known.name();
            }
        }
        errors.add(new FieldError("status", "must be PENDING, COMPLETE or FAILED"));
        return null;
    }

    private interface Rounding {
        Instant apply(Instant time);
    }

    private static OffsetDateTime parseTime(
            JsonObject command, String field, List<FieldError> errors, Rounding rounding) {
        Object text = command.getValue(field);
        if (text == null) {
            return null;
        }
        try {
            Instant time = OffsetDateTime.parse(String.valueOf(text)).toInstant();
            if (TimestampRange.contains(time)) {
                return rounding.apply(time).atOffset(ZoneOffset.UTC);
            }
        } catch (DateTimeParseException invalid) {
            // Reported below.
        }
        errors.add(new FieldError(field, "must be a date and a time with its offset, such as 2026-11-23T10:15:30Z"));
        return null;
    }

    private static int parseLimit(JsonObject command, List<FieldError> errors) {
        Object limit = command.getValue("limit", DEFAULT_LIMIT);
        if (limit instanceof Integer number && number >= 1 && number <= MAX_LIMIT) {
            return number;
        }
        errors.add(new FieldError("limit", "must be an integer between 1 and " + MAX_LIMIT));
        return DEFAULT_LIMIT;
    }

    private static GenerationListCursor parseCursor(JsonObject command, List<FieldError> errors) {
        Object text = command.getValue("cursor");
        if (text == null) {
            return null;
        }
        return GenerationListCursor.parse(String.valueOf(text)).orElseGet(() -> {
            errors.add(new FieldError("cursor", "is not a valid cursor"));
            return null;
        });
    }
}
