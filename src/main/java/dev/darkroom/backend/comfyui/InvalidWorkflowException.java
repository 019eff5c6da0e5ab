package dev.darkroom.backend.comfyui;

/** Thrown when a workflow file cannot be used. The message names the file, the node and the input. */
public final class InvalidWorkflowException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    InvalidWorkflowException(String message) {
        super(message);
    }
}
