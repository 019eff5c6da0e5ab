package dev.darkroom.backend;

import dev.darkroom.http.ResponseMemory;
import io.vertx.core.Future;
import java.time.Duration;

/** Loads the input images of requests. Implementations are thread-safe. */
@FunctionalInterface
public interface InputImageLoader {
    /** Loads nothing, for calls without input images. */
    InputImageLoader NONE = (inputs, call) -> inputs.isEmpty()
            ? Future.succeededFuture(LoadedInputs.NONE)
            : Future.failedFuture(new IllegalStateException("no loader of input images"));

    /** The call that needs the images. Confined to the event loop of the call. */
    interface Call {

        /** Returns the time until the deadline. */
        Duration remaining();

        /** Runs {@code handler} when the call ends, immediately when it has ended. */
        void onEnd(Runnable handler);

        /** Returns the memory of the call, for images that it receives. */
        ResponseMemory memory();

        /**
         * Reserves memory of the call, and waits until it is free. Fails when the call ends, and with {@link InputImageException#tooLarge()}
         * when it may not hold that many bytes.
         */
        Future<Void> reserveInputMemory(int bytes);

        /** Returns memory that was reserved, or that received images used. */
        void releaseInputMemory(int bytes);
    }

    /**
     * Loads images within the lifetime of a call. The call holds their memory.
     *
     * @return fails with an {@link InputImageException} when an image cannot be loaded
     */
    Future<LoadedInputs> load(InputImages inputs, Call call);
}
