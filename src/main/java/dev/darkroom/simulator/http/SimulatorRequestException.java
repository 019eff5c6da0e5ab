package dev.darkroom.simulator.http;

/** A request is invalid. The message is returned to the client. */
public final class SimulatorRequestException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String param;

    /** @param param the invalid field; null when the whole body is invalid */
    public SimulatorRequestException(String message, String param) {
        this(400, message, param);
    }

    SimulatorRequestException(int status, String message, String param) {
        super(message);
        this.status = status;
        this.param = param;
    }

    /** Returns the status of the response, 4xx. */
    public int status() {
        return status;
    }

    /** Returns the invalid field; null when the whole body is invalid. */
    public String param() {
        return param;
    }
}
