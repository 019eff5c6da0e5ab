package dev.darkroom.config;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Translates failures of file operations into messages for operators, without names of Java exceptions. */
public final class FileErrorMessage {
    private FileErrorMessage() {}

    /** Returns file and reason where the failure has them, and the message of any other failure. Never null. */
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
