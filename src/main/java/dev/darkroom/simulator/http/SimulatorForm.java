package dev.darkroom.simulator.http;

import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.util.ArrayList;
import java.util.List;

/**
 * A request with the media type {@code multipart/form-data}.
 *
 * @param fields the text fields
 * @param images the files, in their order
 */
public record SimulatorForm(MultiMap fields, List<SimulatorInputImage> images) {
    private static final int MAX_FILE_BYTES = 64 << 20;

    public SimulatorForm {
        images = List.copyOf(images);
    }

    /** Reads a form. Fails with a {@link SimulatorRequestException} when the request has none. */
    public static Future<SimulatorForm> read(HttpServerRequest request) {
        Promise<SimulatorForm> form = Promise.promise();
        List<SimulatorInputImage> images = new ArrayList<>();
        String contentType = request.getHeader("Content-Type");
        if (contentType == null || !contentType.startsWith("multipart/form-data")) {
            return Future.failedFuture(new SimulatorRequestException("The body must be multipart/form-data.", null));
        }
        request.setExpectMultipart(true);
        request.uploadHandler(file -> {
            Buffer content = Buffer.buffer();
            file.handler(part -> {
                content.appendBuffer(part);
                if (content.length() > MAX_FILE_BYTES) {
                    form.tryFail(new SimulatorRequestException(413, "A file is too large.", file.name()));
                }
            });
            file.endHandler(end -> images.add(SimulatorInputImage.of(file.name(), file.filename(), content)));
        });
        request.exceptionHandler(form::tryFail);
        request.endHandler(end -> form.tryComplete(new SimulatorForm(request.formAttributes(), images)));
        return form.future();
    }
}
