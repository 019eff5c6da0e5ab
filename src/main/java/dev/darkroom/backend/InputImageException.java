package dev.darkroom.backend;

/** Thrown when an input image cannot be loaded. */
public final class InputImageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient BackendFailure failure;

    private InputImageException(BackendFailure failure) {
        super(failure.message(), null, false, false);
        this.failure = failure;
    }

    /**
     * Creates the exception for an image that cannot be used. A retry would fail as well, and the AI server is not at fault.
     *
     * @param code starts with {@link BackendFailure#INPUT_IMAGE_PREFIX}
     * @param message one sentence for the client of the API
     */
    public static InputImageException permanent(String code, String message) {
        return new InputImageException(BackendFailure.of(FailureClass.TERMINAL_INPUT, code, message));
    }

    /** Creates the exception for images that exceed the memory of one call. */
    public static InputImageException tooLarge() {
        return permanent(
                "INPUT_IMAGES_TOO_LARGE",
                "The input images of the request are together too large for one call of the AI server.");
    }

    /** Creates the exception for a failure of Darkroom, such as one of its image store, after which the attempt is repeated. */
    public static InputImageException internal(Throwable cause) {
        return new InputImageException(
                BackendFailure.of(FailureClass.INTERNAL, "INPUT_IMAGE_NOT_READ", "An input image could not be read.")
                        .withDetail(String.valueOf(cause)));
    }

    /** Returns the failure of the call. */
    public BackendFailure failure() {
        return failure;
    }
}
