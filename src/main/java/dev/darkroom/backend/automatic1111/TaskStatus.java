package dev.darkroom.backend.automatic1111;

import io.vertx.core.json.JsonObject;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Status of one task, as reported by {@code POST /internal/progress}.
 *
 * @param running true while the server generates for the task
 * @param percent 0 to 100; null when the task is not running
 * @param queuePosition number of tasks that the server runs before this one; null when it is unknown or the task is not waiting
 */
record TaskStatus(boolean running, Integer percent, Integer queuePosition) {
    /** Text for a waiting task, with its position from 1. One more task is running. */
    private static final Pattern QUEUE_TEXT = Pattern.compile("In queue: (\\d{1,6})/\\d+");

    static TaskStatus parse(JsonObject body) {
        if (Boolean.TRUE.equals(body.getValue("active"))) {
            double progress = body.getValue("progress") instanceof Number number ? number.doubleValue() : 0;
            return new TaskStatus(true, (int) Math.round(Math.max(0, Math.min(1, progress)) * 100), null);
        }
        Matcher queueText = QUEUE_TEXT.matcher(body.getValue("textinfo") instanceof String text ? text : "");
        boolean waiting = Boolean.TRUE.equals(body.getValue("queued")) && queueText.matches();
        return new TaskStatus(false, null, waiting ? Integer.valueOf(queueText.group(1)) : null);
    }
}
