package dev.darkroom.api.openai;

import dev.darkroom.api.body.RequestBodyLimits;
import dev.darkroom.api.contract.CommandClient;
import dev.darkroom.api.contract.OperationHandler;
import java.util.ArrayList;
import java.util.List;

/**
 * Operations of the OpenAI API.
 *
 * @param fileLimits limits of one file of a form
 */
public record OpenAiOperations(ImageCallServices services, CommandClient uploads, RequestBodyLimits fileLimits) {
    public List<OperationHandler> handlers() {
        List<OperationHandler> handlers = new ArrayList<>();
        handlers.add(new CreateOpenAiImageHandler(services));
        handlers.add(new EditOpenAiImageHandler(services, uploads, fileLimits));
        handlers.addAll(new OpenAiModelOperations(services.generations(), services.responder()).handlers());
        handlers.addAll(new OpenAiTaskOperations(services.generations(), services.responder()).handlers());
        return handlers;
    }
}
