package dev.darkroom.testing;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Server that keeps every connection open and sends raw bytes. The n-th request gets the n-th response, independently of the
 * connection. The last response repeats.
 */
public final class KeepAliveServer implements AutoCloseable {
    /** Longest pause between two parts of a response. It ends earlier when the client sends bytes or closes. */
    private static final int PAUSE_MS = 200;

    private static final Pattern LENGTH = Pattern.compile("content-length: *(\\d+)");

    private final ServerSocket listening;
    private final Deque<DesyncResponse> responses = new ArrayDeque<>();
    private final List<Socket> sockets = new ArrayList<>();
    private final List<String> requests = new ArrayList<>();
    private final List<Integer> requestsByConnection = new ArrayList<>();

    public KeepAliveServer(List<DesyncResponse> responses) {
        this.responses.addAll(responses);
        try {
            listening = new ServerSocket(0, 128, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start(this::accept);
    }

    private interface Task {
        void run() throws IOException;
    }

    private static void start(Task task) {
        Thread thread = new Thread(
                () -> {
                    try {
                        task.run();
                    } catch (IOException e) {
                        // The client or the test closed the socket.
                    }
                },
                "keep-alive-server");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() throws IOException {
        while (true) {
            Socket socket = listening.accept();
            int number;
            synchronized (this) {
                sockets.add(socket);
                number = requestsByConnection.size();
                requestsByConnection.add(0);
            }
            start(() -> serve(socket, number));
        }
    }

    private void serve(Socket socket, int number) throws IOException {
        try (socket) {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            DesyncResponse early = peek();
            if (early.beforeRequest()) {
                write(socket, in, next());
            }
            while (read(in)) {
                count(number);
                write(socket, in, next());
            }
        }
    }

    private synchronized void count(int number) {
        requestsByConnection.set(number, requestsByConnection.get(number) + 1);
    }

    private synchronized DesyncResponse peek() {
        return responses.peek();
    }

    private synchronized DesyncResponse next() {
        return responses.size() > 1 ? responses.poll() : responses.peek();
    }

    private static void write(Socket socket, InputStream in, DesyncResponse response) throws IOException {
        boolean first = true;
        for (byte[] part : response.parts()) {
            if (!first) {
                awaitClient(socket, in);
            }
            first = false;
            socket.getOutputStream().write(part);
            socket.getOutputStream().flush();
        }
    }

    private static void awaitClient(Socket socket, InputStream in) throws IOException {
        socket.setSoTimeout(PAUSE_MS);
        in.mark(1);
        try {
            in.read();
            in.reset();
        } catch (SocketTimeoutException e) {
            // The client is still waiting for the next part.
        }
        socket.setSoTimeout(0);
    }

    /** Reads one request. Returns false at the end of the connection. */
    private boolean read(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                return false;
            }
            head.write(next);
        }
        String text = head.toString(StandardCharsets.ISO_8859_1);
        Matcher length = LENGTH.matcher(text.toLowerCase(Locale.ROOT));
        if (length.find()) {
            in.readNBytes(Integer.parseInt(length.group(1)));
        }
        synchronized (this) {
            requests.add(text);
        }
        return true;
    }

    public int port() {
        return listening.getLocalPort();
    }

    /** The heads of all requests, in the order of their arrival. */
    public synchronized List<String> requests() {
        return List.copyOf(requests);
    }

    /** The number of requests of each connection, in the order of their opening. */
    public synchronized List<Integer> requestsByConnection() {
        return List.copyOf(requestsByConnection);
    }

    @Override
    public void close() throws IOException {
        listening.close();
        synchronized (this) {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }
}
