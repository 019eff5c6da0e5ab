package dev.darkroom.generation;

import dev.darkroom.command.FieldError;
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
 * @param from created then or later; null for all
 * @param until created before; null for all
 * @param cursor goes on behind it; null to begin
 */
record ListFilter(String status, OffsetDateTime from, OffsetDateTime until, int limit, ListCursor cursor) {
    private static final int USUAL = 20;
    private static final int MOST = 100;
    private static final Duration MILLI = Duration.ofMillis(1);

    /** Reads a command's fields; what is wrong with them is added to {@code errors}, and then the filter means nothing. */
    static ListFilter read(JsonObject command, List<FieldError> errors) {
        return new ListFilter(
                status(command, errors),
                // Callers know times in whole milliseconds, the database to the microsecond: what they see is compared.
                moment(
                        command,
                        "createdAfter",
                        errors,
                        time -> time.truncatedTo(ChronoUnit.MILLIS).plus(MILLI)),
                moment(command, "createdBefore", errors, ListFilter::roundedUp),
                limit(command, errors),
                cursor(command, errors));
    }

    private static Instant roundedUp(Instant time) {
        Instant millis = time.truncatedTo(ChronoUnit.MILLIS);
        return millis.equals(time) ? time : millis.plus(MILLI);
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

    private static OffsetDateTime moment(JsonObject command, String field, List<FieldError> errors, Rounding rounding) {
        Object text = command.getValue(field);
        if (text == null) {
            return null;
        }
        try {
            Instant time = OffsetDateTime.parse(String.valueOf(text)).toInstant();
            if (Moments.inRange(time)) {
                return rounding.apply(time).atOffset(ZoneOffset.UTC);
            }
        } catch (DateTimeParseException notOne) {
            // Said below.
        }
        errors.add(new FieldError(field, "must be a date and a time with its offset, such as 2026-11-23T10:15:30Z"));
        return null;
    }

    private static int limit(JsonObject command, List<FieldError> errors) {
        Object limit = command.getValue("limit", USUAL);
        if (limit instanceof Integer number && number >= 1 && number <= MOST) {
            return number;
        }
        errors.add(new FieldError("limit", "must be an integer between 1 and " + MOST));
        return USUAL;
    }

    private static ListCursor cursor(JsonObject command, List<FieldError> errors) {
        Object text = command.getValue("cursor");
        if (text == null) {
            return null;
        }
        return ListCursor.parse(String.valueOf(text)).orElseGet(() -> {
            errors.add(new FieldError("cursor", "is not one that was given out"));
            return null;
        });
    }
}
