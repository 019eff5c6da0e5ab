package dev.darkroom.api.openai;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.generation.GenerationResult.CreatedGeneration;
import io.vertx.core.Future;
import java.util.function.Supplier;

/** Attaches the retry of a call to the generation of the call that broke, instead of creating a second one. */
public interface RetryAttachment {
    /** Attaches no retry. */
    RetryAttachment NONE = operationContext -> Supplier::get;

    /** Starts a call. For the event loop of the request, as the methods of the call. */
    Call begin(OperationContext operationContext);

    /** One call. After a successful {@link #createOrAttach}, exactly one of the other methods is called, once. */
    interface Call {
        /**
         * Returns the generation of the call.
         *
         * @param creation creates one
         */
        Future<CreatedGeneration> createOrAttach(Supplier<Future<CreatedGeneration>> creation);

        /** The operating system has taken the complete response, and no retry is expected. */
        default void answered() {}

        /** The connection broke before the complete response, or the response asks for a retry. The generation goes on. */
        default void interrupted() {}
    }
}
