package dev.darkroom.config;

/** Thrown for an invalid setting. The message is one line that names the setting and the expected value. */
public final class SettingsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public SettingsException(String message) {
        super(message);
    }
}
