package dev.darkroom.testing;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Raw response to one request. Most cases leave bytes on the connection, which a client must not read as the next response.
 *
 * @param name of the case
 * @param readable whether a correct client gets the content; otherwise it may also fail
 * @param beforeRequest whether the server writes it before it reads the request
 * @param parts the bytes; the server pauses between two parts
 */
public record DesyncResponse(String name, boolean readable, boolean beforeRequest, List<byte[]> parts) {

    /** Recognizable content of a response. */
    public record ResponseContent(int status, byte[] body) {
        public ResponseContent(int status, String body) {
            this(status, body.getBytes(StandardCharsets.UTF_8));
        }
    }

    @Override
    public String toString() {
        return name;
    }

    /** Returns a valid response. */
    public static DesyncResponse plain(ResponseContent responseContent) {
        return readable("plain", bytes(head(responseContent) + length(responseContent) + "\r\n", responseContent));
    }

    /**
     * Returns all cases.
     *
     * @param own content of the response to the request
     * @param other content that belongs to no request
     */
    public static Stream<DesyncResponse> all(ResponseContent own, ResponseContent other) {
        byte[] response = bytes(head(own) + length(own) + "\r\n", own);
        byte[] second = bytes(head(other) + length(other) + "\r\n", other);
        List<DesyncResponse> all = new ArrayList<>();
        for (String interim :
                List.of("100 Continue", "102 Processing", "103 Early Hints", "104 Upload", "110 X", "199 Y")) {
            all.add(readable(
                    "interim " + interim + ", then the final response",
                    bytes("HTTP/1.1 " + interim + "\r\n\r\n"),
                    response));
        }
        all.add(readable(
                "interim with headers and a length",
                bytes("HTTP/1.1 102 Processing\r\nX-Progress: 10\r\nContent-Length: 5\r\n\r\n"),
                response));
        all.add(readable(
                "interim responses and the final response at once",
                join(bytes("HTTP/1.1 102 P\r\n\r\nHTTP/1.1 199 Q\r\n\r\n"), response)));
        all.add(failing(
                "endless interim responses", bytes("HTTP/1.1 102 Processing\r\n\r\n".repeat(20_000)), response));
        all.add(failing(
                "101 without an upgrade", bytes("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"), response));
        all.add(readable("a second response at once", join(response, second)));
        all.add(readable("a second response later", response, second));
        all.add(readable(
                "an interim response after the final response",
                response,
                bytes("HTTP/1.1 102 Processing\r\n\r\n"),
                second));
        all.add(readable("garbage at once", join(response, bytes("garbage\r\n\r\n"))));
        all.add(readable("garbage later", response, bytes("garbage\r\n\r\n"), second));
        all.add(readable("line breaks after the response", join(response, bytes("\r\n\r\n")), second));
        all.add(failing("a length that is too short", bytes(head(own) + "Content-Length: 1\r\n\r\n", own), second));
        all.add(failing("204 with a body", bytes("HTTP/1.1 204 No Content\r\n" + length(own) + "\r\n", own), second));
        all.add(failing("304 with a body", bytes("HTTP/1.1 304 Not Modified\r\n" + length(own) + "\r\n", own), second));
        all.add(readable("the length twice", bytes(head(own) + length(own) + length(own) + "\r\n", own), second));
        all.add(failing("two lengths", bytes(head(own) + length(own) + "Content-Length: 1\r\n\r\n", own), second));
        all.add(readable("chunked", bytes(head(own) + "Transfer-Encoding: chunked\r\n\r\n"), chunked(own)));
        all.add(readable(
                "chunked, with a length",
                bytes(head(own) + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
                chunked(own),
                second));
        all.add(readable(
                "chunked, then a second response",
                bytes(head(own) + "Transfer-Encoding: chunked\r\n\r\n"),
                join(chunked(own), second)));
        all.add(failing(
                "a chunk without a size", bytes(head(own) + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n"), response));
        all.add(failing("another version of HTTP", bytes("HTTP/2.0 200 OK\r\n" + length(own) + "\r\n", own), response));
        all.add(failing("no HTTP at all", bytes("\u0016\u0003\u0001 hello\r\n\r\n"), response));
        all.add(new DesyncResponse("a response before the request", false, true, List.of(response, second)));
        return all.stream();
    }

    private static DesyncResponse readable(String name, byte[]... parts) {
        return new DesyncResponse(name, true, false, List.of(parts));
    }

    private static DesyncResponse failing(String name, byte[]... parts) {
        return new DesyncResponse(name, false, false, List.of(parts));
    }

    private static String head(ResponseContent responseContent) {
        return "HTTP/1.1 " + responseContent.status() + " OK\r\nContent-Type: application/json\r\n";
    }

    private static String length(ResponseContent responseContent) {
        return "Content-Length: " + responseContent.body().length + "\r\n";
    }

    private static byte[] chunked(ResponseContent responseContent) {
        return join(
                bytes(Integer.toHexString(responseContent.body().length) + "\r\n"),
                responseContent.body(),
                bytes("\r\n0\r\n\r\n"));
    }

    private static byte[] bytes(String head, ResponseContent responseContent) {
        return join(bytes(head), responseContent.body());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
