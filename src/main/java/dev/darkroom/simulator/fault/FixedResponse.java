package dev.darkroom.simulator.fault;

import dev.darkroom.simulator.http.SimulatorErrorBody;
import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import java.util.Map;

/**
 * Responds with a status and a body that do not depend on the request.
 *
 * @param headers further headers
 * @param contentType null for a response without a body
 * @param body empty for a response without a body
 */
record FixedResponse(String description, int status, Map<String, String> headers, String contentType, Buffer body)
        implements ResponseFault {

    /** Responds with success and a body that is not JSON. */
    static final FixedResponse MALFORMED_BODY = new FixedResponse(
            "malformed body", 200, Map.of(), SimulatorResponse.APPLICATION_JSON, Buffer.buffer(new byte[] {
                '{', '"', 'd', (byte) 0xFF, 0, (byte) 0xC3, '('
            }));

    /** @param body any JSON value; null for the default body of the status */
    static FixedResponse status(int status, Map<String, String> headers, Object body) {
        String description = "status " + status;
        if (body == null && status < 400) {
            return new FixedResponse(description, status, headers, null, Buffer.buffer());
        }
        return json(
                description,
                status,
                headers,
                body == null ? SimulatorErrorBody.create(status, requestedStatus(status)) : body);
    }

    /** Responds with the error body of other servers: {@code {"error":"…"}} (sd-server) or {@code {"detail":"…"}} (FastAPI). */
    static FixedResponse foreignErrorBody(String field, int status, Map<String, String> headers) {
        return json(
                "status " + status + " with " + field,
                status,
                headers,
                new JsonObject().put(field, requestedStatus(status)));
    }

    /** Responds with the HTML error page of a proxy. */
    static FixedResponse htmlErrorPage(int status, Map<String, String> headers) {
        String page = "<html>\r\n<head><title>" + status + "</title></head>\r\n<body>\r\n<center><h1>" + status
                + "</h1></center>\r\n<hr><center>proxy</center>\r\n</body>\r\n</html>\r\n";
        return new FixedResponse("status " + status + " with html", status, headers, "text/html", Buffer.buffer(page));
    }

    private static FixedResponse json(String description, int status, Map<String, String> headers, Object body) {
        return new FixedResponse(
                description, status, headers, SimulatorResponse.APPLICATION_JSON, Json.encodeToBuffer(body));
    }

    private static String requestedStatus(int status) {
        return "The script requested status " + status + ".";
    }

    @Override
    public void apply(SimulatorResponseWriter writer, SimulatorResponse normalResponse) {
        headers.forEach(writer::setHeader);
        writer.send(status, contentType, body);
    }
}
