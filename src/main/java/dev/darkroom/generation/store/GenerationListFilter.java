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
 * Which generations a list is to hold.
 *
 * @param status null for all
 * @param createdFrom created then or later; null for all
 * @param createdBefore created before; null for all
 * @param cursor goes on behind it; null to begin
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

    /** Reads a command's fields; what is wrong with them is added to {@code errors}, and then the filter means nothing. */
    public static GenerationListFilter parse(JsonObject command, List<FieldError> errors) {
        return new GenerationListFilter(
                status(command, errors),
                // Callers know times in whole milliseconds, the database to the microsecond: what they see is compared.
                parseTime(
                        command,
                        "createdAfter",
                        errors,
                        time -> time.truncatedTo(ChronoUnit.MILLIS).plus(ONE_MILLI)),
                parseTime(command, "createdBefore", errors, GenerationListFilter::roundUp),
                limit(command, errors),
                cursor(command, errors));
    }

    private static Instant roundUp(Instant time) {
        Instant millis = time.truncatedTo(ChronoUnit.MILLIS);
        return millis.equals(time) ? time : millis.plus(ONE_MILLI);
    }

    private static String status(JsonObject command, List<FieldError> errors) {
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
        } catch (DateTimeParseException notOne) {
            // Said below.
        }
        errors.add(new FieldError(field, "must be a date and a time with its offset, such as 2026-11-23T10:15:30Z"));
        return null;
    }

    private static int limit(JsonObject command, List<FieldError> errors) {
        Object limit = command.getValue("limit", DEFAULT_LIMIT);
        if (limit instanceof Integer number && number >= 1 && number <= MAX_LIMIT) {
            return number;
        }
        errors.add(new FieldError("limit", "must be an integer between 1 and " + MAX_LIMIT));
        return DEFAULT_LIMIT;
    }

    private static GenerationListCursor cursor(JsonObject command, List<FieldError> errors) {
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
