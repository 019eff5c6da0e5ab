package dev.darkroom.api.openai;

import dev.darkroom.api.contract.OperationHandler;
import java.util.ArrayList;
import java.util.List;

/** Operations of the OpenAI API. */
public record OpenAiOperations(ImageCallServices services) {
    public List<OperationHandler> handlers() {
        List<OperationHandler> handlers = new ArrayList<>();
        handlers.add(new CreateOpenAiImageHandler(services));
        handlers.addAll(new OpenAiModelOperations(services.generations(), services.responder()).handlers());
        handlers.addAll(new OpenAiTaskOperations(services.generations(), services.responder()).handlers());
        return handlers;
    }
}
