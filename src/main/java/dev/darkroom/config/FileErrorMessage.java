package dev.darkroom.config;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Why a file could not be used, in words for an operator, who does not know the names of Java's exceptions. */
public final class FileErrorMessage {
    private FileErrorMessage() {}

    /** The file and the reason, where the failure tells them; it may be any failure. */
    public static String of(Throwable failure) {
        if (failure instanceof AccessDeniedException denied) {
            return denied.getFile() + ": permission denied";
        }
        if (failure instanceof NoSuchFileException missing) {
            return missing.getFile() + ": no such file or directory";
        }
        if (failure instanceof FileSystemException known && known.getReason() != null) {
            return known.getMessage();
        }
        return String.valueOf(failure.getMessage() == null ? failure : failure.getMessage());
    }
}
