package dev.darkroom.server;

import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.automatic1111.Automatic1111Backend;
import dev.darkroom.backend.callback.CallbackBackend;
import dev.darkroom.backend.callback.CallbackBackend.CallbackServices;
import dev.darkroom.backend.comfyui.ComfyUiBackend;
import dev.darkroom.backend.comfyui.InvalidWorkflowException;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.backend.openai.OpenAiImagesBackend;
import dev.darkroom.backend.replicate.CogBackend;
import dev.darkroom.backend.replicate.InputFields;
import dev.darkroom.backend.replicate.ReplicateBackend;
import dev.darkroom.config.Settings;
import io.vertx.core.Vertx;
import java.net.URI;

/**
 * Creates the clients of the configured AI servers.
 *
 * @param simulatorUrl base URL of the bundled simulator for the OpenAI Images protocol; null when every backend has a URL
 * @param memoryBudget shared by all backends of the process
 */
record BackendFactory(
        Vertx vertx,
        Settings settings,
        URI simulatorUrl,
        ResponseMemoryBudget memoryBudget,
        CallbackServices callbackServices) {

    /** Returns the base URL of an AI server. */
    URI baseUrl(Settings.Backend backend) {
        if (backend.url() != null) {
            return backend.url();
        }
        return switch (backend.type()) {
            case OPENAI -> simulatorUrl;
            case AUTOMATIC1111, COG, COMFYUI, REPLICATE -> simulatorUrl.resolve("/");
            case CALLBACK -> simulatorUrl.resolve("/callback/jobs");
        };
    }

    /** Creates the client of an AI server. */
    ImageBackend create(Settings.Backend backend) {
        URI base = baseUrl(backend);
        int maxHeaderBytes = settings.outbound().maxHeaderBytes();
        return switch (backend.type()) {
            case OPENAI -> new OpenAiImagesBackend(vertx, backend, base, memoryBudget, maxHeaderBytes);
            case AUTOMATIC1111 -> new Automatic1111Backend(vertx, backend, base, memoryBudget, maxHeaderBytes);
            case CALLBACK -> new CallbackBackend(vertx, backend, base, memoryBudget, maxHeaderBytes, callbackServices);
            case COG ->
                new CogBackend(
                        vertx, backend, base, memoryBudget, maxHeaderBytes, InputFields.parse(backend.inputFields()));
            case COMFYUI -> createComfyUi(backend, base);
            case REPLICATE ->
                new ReplicateBackend(
                        vertx,
                        backend,
                        base,
                        memoryBudget,
                        maxHeaderBytes,
                        InputFields.parse(backend.inputFields()),
                        backend.pollInterval());
        };
    }

    private ImageBackend createComfyUi(Settings.Backend backend, URI base) {
        try {
            return new ComfyUiBackend(
                    vertx, backend, base, memoryBudget, settings.outbound().maxHeaderBytes());
        } catch (InvalidWorkflowException e) {
            throw new StartupException("backend " + backend.name() + ": " + e.getMessage());
        }
    }
}
