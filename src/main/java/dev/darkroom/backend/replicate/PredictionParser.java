package dev.darkroom.backend.replicate;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.ImageSource;
import dev.darkroom.backend.http.ImageTextDecoder;
import dev.darkroom.backend.http.UsageReader;
import dev.darkroom.image.ChunkedBytes;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Parses the JSON of a prediction. Streams the tokens, because {@code output} may contain images of many megabytes as data URLs:
 * decodes them while reading. CPU-bound, runs on worker threads. Thread-safe.
 */
final class PredictionParser {
    /** Progress bar of tqdm, such as {@code 42%|████▏     | 21/50}, which the client of Replicate reads as well. */
    private static final Pattern PROGRESS_BAR = Pattern.compile("(\\d{1,3})%\\|");

    /** A progress bar is at the end of the log. */
    private static final int LOG_TAIL_BYTES = 2_000;

    private final ImageTextDecoder decoder;

    /**
     * Fields of a prediction, as received.
     *
     * @param error null when there is none
     * @param usage numbers of the field {@code metrics} by name, such as {@code predict_time}
     * @param output the first images, as many as requested
     */
    record Fields(
            String id,
            String status,
            String error,
            boolean dataRemoved,
            Integer percent,
            Map<String, BigDecimal> usage,
            List<ImageSource> output) {}

    /** @param maxImageBytes maximum size of one image in bytes */
    PredictionParser(int maxImageBytes) {
        this.decoder = new ImageTextDecoder(maxImageBytes);
    }

    /**
     * Parses a prediction.
     *
     * @param body drained by this method
     * @param count maximum number of images to read
     * @throws BackendCallException when the body is not a prediction or an image cannot be decoded
     */
    Fields parse(ChunkedBytes body, int count) {
        ParsingState state = new ParsingState();
        try (JsonParser parser = decoder.json().createParser(body.drain())) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw BackendCallException.malformedResponse();
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                state.readLogEnd(parser, body);
                readField(parser, body, state, count);
            }
            state.readLogEnd(parser, body);
        } catch (IOException e) {
            throw BackendCallException.malformedResponse();
        }
        if (state.status == null) {
            throw BackendCallException.malformedResponse();
        }
        return new Fields(
                state.id, state.status, state.error, state.dataRemoved, state.percent, state.usage, state.output);
    }

    private static final class ParsingState {
        private final List<ImageSource> output = new ArrayList<>();
        private String id;
        private String status;
        private String error;
        private boolean dataRemoved;
        private Integer percent;
        private Map<String, BigDecimal> usage = Map.of();
        private int logStart = -1;

        /** Reads the last progress from the log, which ends before the current token. */
        void readLogEnd(JsonParser parser, ChunkedBytes body) throws IOException {
            if (logStart < 0) {
                return;
            }
            int end = (int) parser.currentTokenLocation().getByteOffset();
            int start = Math.max(logStart, end - LOG_TAIL_BYTES);
            logStart = -1;
            Matcher bars = PROGRESS_BAR.matcher(
                    new String(body.openStream(start).readNBytes(Math.max(0, end - start)), StandardCharsets.UTF_8));
            while (bars.find()) {
                percent = Math.min(100, Integer.parseInt(bars.group(1)));
            }
        }
    }

    private void readField(JsonParser parser, ChunkedBytes body, ParsingState state, int count) throws IOException {
        String field = parser.currentName();
        JsonToken value = parser.nextToken();
        boolean text = value == JsonToken.VALUE_STRING;
        if (field.equals("output")) {
            readOutput(parser, body, state, count);
        } else if (field.equals("id") && text) {
            state.id = parser.getText();
        } else if (field.equals("status") && text) {
            state.status = parser.getText();
        } else if (field.equals("error") && text) {
            state.error = parser.getText();
        } else if (field.equals("metrics")) {
            state.usage = UsageReader.read(parser);
        } else if (field.equals("data_removed")) {
            state.dataRemoved = value == JsonToken.VALUE_TRUE;
        } else if (field.equals("logs") && text) {
            // Not read as a text, since a log may be long.
            state.logStart = (int) parser.currentTokenLocation().getByteOffset();
        } else {
            parser.skipChildren();
        }
    }

    /** Reads a URL or an array of URLs. Ignores other values: the model generates no images. */
    private void readOutput(JsonParser parser, ChunkedBytes body, ParsingState state, int count) throws IOException {
        if (parser.currentToken() != JsonToken.START_ARRAY) {
            readImage(parser, body, state, count);
            return;
        }
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() == null) {
                throw BackendCallException.malformedResponse();
            }
            readImage(parser, body, state, count);
        }
    }

    private void readImage(JsonParser parser, ChunkedBytes body, ParsingState state, int count) throws IOException {
        if (parser.currentToken() != JsonToken.VALUE_STRING || state.output.size() == count) {
            parser.skipChildren();
            return;
        }
        ChunkedBytes bytes = decoder.decodeDataUrl(parser, body);
        if (bytes != null) {
            state.output.add(new ImageSource.Inline(bytes));
        } else if (!ImageTextDecoder.isBlank(parser, body)) {
            state.output.add(new ImageSource.Link(parser.getText()));
        }
    }
}
