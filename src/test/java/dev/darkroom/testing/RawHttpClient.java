package dev.darkroom.testing;

import dev.darkroom.api.contract.OpenApiResponseValidator;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Sends raw bytes on one connection, for requests that no HTTP client can send. Validates responses against the contract, like
 * {@link ApiClient}. The methods block.
 */
public final class RawHttpClient implements AutoCloseable {
    private static final int TIMEOUT_MS = 60_000;
    private static final Pattern REQUEST_LINE = Pattern.compile("^([A-Za-z]+) (\\S*) HTTP/1\\.[01]\r\n");

    private final Socket socket;
    private final ByteArrayOutputStream sent = new ByteArrayOutputStream();

    /** Connects to a server. */
    public RawHttpClient(URI server) {
        try {
            socket = new Socket(server.getHost(), server.getPort());
            socket.setSoTimeout(TIMEOUT_MS);
            socket.setTcpNoDelay(true);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends one request on a new connection and returns the response. */
    public static ApiClient.ApiResponse sendAndRead(URI server, byte[] request) {
        try (RawHttpClient connection = new RawHttpClient(server)) {
            return connection.send(request).readResponse();
        }
    }

    /** Returns the UTF-8 bytes of a text. */
    public static byte[] utf8Bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Returns a request without body. {@code headers} are lines that end in CRLF each. */
    public static byte[] requestHead(String method, String path, String headers) {
        return utf8Bytes(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n");
    }

    public RawHttpClient send(byte[] bytes) {
        try {
            sent.write(bytes);
            OutputStream out = socket.getOutputStream();
            out.write(bytes);
            out.flush();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads the next response and validates it against the contract. */
    public ApiClient.ApiResponse readResponse() {
        try {
            String status = readLine();
            while (status.contains(" 100 ")) {
                readHeaders();
                status = readLine();
            }
            int code = Integer.parseInt(status.replaceFirst("^\\S+ (\\d+).*", "$1"));
            Map<String, String> headers = readHeaders();
            Matcher line = REQUEST_LINE.matcher(sent.toString(StandardCharsets.UTF_8));
            boolean readable = line.find();
            String method = readable ? line.group(1) : "GET";
            String path = readable ? line.group(2).replaceFirst("\\?.*", "") : "/";
            int length = method.equals("HEAD") ? 0 : Integer.parseInt(headers.getOrDefault("Content-Length", "0"));
            byte[] body = socket.getInputStream().readNBytes(length);
            OpenApiResponseValidator.check(method, path, code, headers, body);
            sent.reset();
            return new ApiClient.ApiResponse(code, headers, body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns whether the server has closed the connection. Blocks up to 60 s while it is open and silent. */
    public boolean isClosed() {
        try {
            return socket.getInputStream().read() < 0;
        } catch (java.net.SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    private Map<String, String> readHeaders() throws IOException {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String line = readLine(); !line.isEmpty(); line = readLine()) {
            int colon = line.indexOf(':');
            headers.put(line.substring(0, colon), line.substring(colon + 1).trim());
        }
        return headers;
    }

    private String readLine() throws IOException {
        InputStream in = socket.getInputStream();
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException("closed after: " + line);
            }
            line.append((char) c);
        }
        return line.toString().trim();
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
