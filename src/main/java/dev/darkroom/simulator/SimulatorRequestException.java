package dev.darkroom.simulator;

/** What was sent cannot be used. The message is one sentence for the one who sent it. */
final class SimulatorRequestException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String param;

    /** @param param the field that is wrong, null when it is the whole */
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
