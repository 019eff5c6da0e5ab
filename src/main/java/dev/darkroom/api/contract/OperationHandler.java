package dev.darkroom.api.contract;

import dev.darkroom.api.body.FormFiles;
import dev.darkroom.api.body.RequestBodyLimits;
import java.util.Set;
import java.util.function.Function;

/** Handler of one operation of the contract. One class per operationId. */
public interface OperationHandler {

    /** Returns the operationId in the contract. */
    String operationId();

    /** Returns whether a response may stay open for hours. The number of such responses is limited. */
    default boolean opensStream() {
        return false;
    }

    /**
     * Returns the maximum total size of data URLs in the request body, in bytes. Above 0, {@link OperationContext#receivedBody()} has
     * the body as received, and {@link OperationContext#body()} has {@code data:,} in place of each data URL. The handler releases the
     * received body. 0: the limits of other operations apply.
     */
    default int maxDataUrlBytes() {
        return 0;
    }

    /**
     * Returns the media types and limits of a request body that is not JSON. {@link OperationContext#receivedBody()} then has the body,
     * which the handler releases. Null for JSON or no body.
     */
    default RawBody rawBody() {
        return null;
    }

    /**
     * Returns how files of a body of the type {@code multipart/form-data} are stored. The contract describes its fields, see {@link
     * OperationContext#files()}. Null when the operation has no form.
     */
    default FormBody formBody() {
        return null;
    }

    /**
     * @param maxFiles maximum number of files of a field that is a list
     * @param fileLimits limits of each file
     * @param files storage of the files of a request; the context has no body yet
     */
    record FormBody(int maxFiles, RequestBodyLimits fileLimits, Function<OperationContext, FormFiles> files) {}

    /** @param mediaTypes in lower case, without parameters */
    record RawBody(Set<String> mediaTypes, RequestBodyLimits limits) {}

    /**
     * Handles a validated request. Runs on an event loop and must not block. Ends the response or fails the context with a
     * {@code Problem}.
     */
    void handle(OperationContext operationContext);
}
