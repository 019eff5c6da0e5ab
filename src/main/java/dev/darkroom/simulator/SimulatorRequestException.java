package dev.darkroom.simulator;

/** A request is invalid. The message is returned to the client. */
final class SimulatorRequestException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String param;

    /** @param param the invalid field; null when the whole body is invalid */
    SimulatorRequestException(String message, String param) {
        this(400, message, param);
    }

    SimulatorRequestException(int status, String message, String param) {
        super(message);
        this.status = status;
        this.param = param;
    }

    int status() {
        return status;
    }

    String param() {
        return param;
    }
}
