package dev.darkroom.server;

import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.InvalidParametersSchemaException;
import dev.darkroom.backend.ParametersSchema;
import dev.darkroom.backend.automatic1111.Automatic1111Backend;
import dev.darkroom.backend.bfl.BflBackend;
import dev.darkroom.backend.callback.CallbackBackend;
import dev.darkroom.backend.callback.CallbackBackend.CallbackServices;
import dev.darkroom.backend.comfyui.ComfyUiBackend;
import dev.darkroom.backend.comfyui.InvalidWorkflowException;
import dev.darkroom.backend.fal.FalBackend;
import dev.darkroom.backend.http.InputFields;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.backend.openai.OpenAiImagesBackend;
import dev.darkroom.backend.replicate.CogBackend;
import dev.darkroom.backend.replicate.ReplicateBackend;
import dev.darkroom.backend.sdserver.SdServerBackend;
import dev.darkroom.backend.stability.StabilityBackend;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.BackendType;
import dev.darkroom.config.Settings;
import io.vertx.core.Vertx;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

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
    URI baseUrl(BackendSettings backend) {
        if (backend.url() != null) {
            return backend.url();
        }
        return switch (backend.type()) {
            case OPENAI -> simulatorUrl;
            case AUTOMATIC1111, BFL, COG, COMFYUI, REPLICATE, SD_SERVER, STABILITY -> simulatorUrl.resolve("/");
            case FAL -> simulatorUrl.resolve("/fal");
            case CALLBACK -> simulatorUrl.resolve("/callback/jobs");
        };
    }

    /** Reads the schemas of the AI servers that accept parameters, by the name of the AI server. Blocks. */
    Map<String, ParametersSchema> loadParametersSchemas() {
        Map<String, ParametersSchema> byName = new HashMap<>();
        for (BackendSettings backend : settings.backends()) {
            if (backend.parametersSchema() != null) {
                try {
                    byName.put(
                            backend.name(), ParametersSchema.load(backend.parametersSchema(), reservedNames(backend)));
                } catch (InvalidParametersSchemaException e) {
                    throw new StartupException("backend " + backend.name() + ": " + e.getMessage());
                }
            }
        }
        return byName;
    }

    /** Returns the fields that Darkroom writes, which are never parameters. */
    private static Set<String> reservedNames(BackendSettings backend) {
        return switch (backend.type()) {
            case OPENAI -> OpenAiImagesBackend.RESERVED;
            case AUTOMATIC1111 -> Automatic1111Backend.RESERVED;
            case BFL -> BflBackend.RESERVED;
            // Parameters are an object of their own in a submission.
            case CALLBACK -> Set.of();
            case COG, FAL, REPLICATE -> inputFields(backend).names();
            case COMFYUI -> ComfyUiBackend.RESERVED;
            case SD_SERVER -> SdServerBackend.RESERVED;
            case STABILITY -> StabilityBackend.RESERVED;
        };
    }

    /**
     * Creates the client of an AI server.
     *
     * @param parameters schema of the parameters; null when the AI server accepts none
     */
    ImageBackend create(BackendSettings backend, ParametersSchema parameters) {
        URI base = baseUrl(backend);
        int maxHeaderBytes = settings.outbound().maxHeaderBytes();
        return switch (backend.type()) {
            case OPENAI -> new OpenAiImagesBackend(vertx, backend, base, memoryBudget, maxHeaderBytes);
            case AUTOMATIC1111 -> new Automatic1111Backend(vertx, backend, base, memoryBudget, maxHeaderBytes);
            case BFL -> new BflBackend(vertx, backend, base, memoryBudget, maxHeaderBytes, backend.pollInterval());
            case CALLBACK -> new CallbackBackend(vertx, backend, base, memoryBudget, maxHeaderBytes, callbackServices);
            case COG -> new CogBackend(vertx, backend, base, memoryBudget, maxHeaderBytes, inputFields(backend));
            case COMFYUI -> createComfyUi(backend, base, parameters);
            case FAL ->
                new FalBackend(
                        vertx,
                        backend,
                        base,
                        memoryBudget,
                        maxHeaderBytes,
                        inputFields(backend),
                        backend.pollInterval());
            case REPLICATE ->
                new ReplicateBackend(
                        vertx,
                        backend,
                        base,
                        memoryBudget,
                        maxHeaderBytes,
                        inputFields(backend),
                        backend.pollInterval());
            case SD_SERVER ->
                new SdServerBackend(vertx, backend, base, memoryBudget, maxHeaderBytes, backend.pollInterval());
            case STABILITY ->
                new StabilityBackend(vertx, backend, base, memoryBudget, maxHeaderBytes, backend.pollInterval());
        };
    }

    private static InputFields inputFields(BackendSettings backend) {
        return InputFields.of(
                backend, backend.type() == BackendType.FAL ? FalBackend.DEFAULT_INPUTS : InputFields.DEFAULT);
    }

    private ImageBackend createComfyUi(BackendSettings backend, URI base, ParametersSchema parameters) {
        try {
            return new ComfyUiBackend(
                    vertx, backend, base, memoryBudget, settings.outbound().maxHeaderBytes(), parameters);
        } catch (InvalidWorkflowException e) {
            throw new StartupException("backend " + backend.name() + ": " + e.getMessage());
        }
    }
}
