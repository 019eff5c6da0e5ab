package dev.darkroom.comparison;

/** A column of the comparison: the path from the client to the AI server. */
enum Route {
    DIRECT("SDK alone", null),
    LITELLM("through LiteLLM proxy", null),
    OPENAI("through Darkroom, type `openai`", """
                type: openai
                url: %1$s/v1
            """),
    METERED("through Darkroom, metered host of type `openai`", """
                type: openai
                url: %1$s/v1
                onAmbiguous: fail
            """),
    REPLICATE("through Darkroom, type `replicate`", """
                type: replicate
                url: %1$s
            """),
    COMFYUI("through Darkroom, type `comfyui`", """
                type: comfyui
                url: %1$s
                workflow: %2$s
            """),
    CALLBACK("through Darkroom, type `callback`", """
                type: callback
                url: %1$s/callback/jobs
            """);

    private final String title;
    private final String backend;

    Route(String title, String backend) {
        this.title = title;
        this.backend = backend;
    }

    String title() {
        return title;
    }

    boolean usesDarkroom() {
        return backend != null;
    }

    /**
     * Returns the configuration of a backend of Darkroom, indented by four spaces.
     *
     * @param simulator scheme, host and port
     * @param workflow path of a workflow of ComfyUI
     */
    String backend(String simulator, String workflow) {
        return backend.formatted(simulator, workflow);
    }

    /** Returns the name of the model at the AI server, with a slash before it; empty where the protocol has none. */
    String upstreamModel() {
        return switch (this) {
            case OPENAI, METERED -> "/simulator";
            case REPLICATE -> "/acme/painter";
            default -> "";
        };
    }
}
