package dev.darkroom.genuine;

import java.net.URI;
import java.time.Duration;
import java.util.List;

/**
 * A model of a LiteLLM proxy, at a server with the OpenAI API.
 *
 * @param name name at the proxy
 * @param upstreamName name at the server
 * @param api base URL of the server
 * @param key API key of the server
 * @param timeout time limit of a call to the server
 */
public record LiteLlmModel(String name, String upstreamName, URI api, String key, Duration timeout) {
    /** Returns the configuration of a proxy with these models. */
    static String toYaml(List<LiteLlmModel> models) {
        StringBuilder yaml = new StringBuilder("model_list:\n");
        for (LiteLlmModel model : models) {
            yaml.append("""
                      - model_name: %s
                        litellm_params:
                          model: openai/%s
                          api_base: %s
                          api_key: %s
                          timeout: %d
                    """.formatted(model.name, model.upstreamName, model.api, model.key, model.timeout.toSeconds()));
        }
        return yaml.append("general_settings:\n  master_key: os.environ/MASTER_KEY\n")
                .toString();
    }
}
