package dev.darkroom.simulator.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.image.ImageParameters;
import io.vertx.core.json.JsonObject;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Parsing of image requests. */
class SimulatorImageRequestTest {

    @Test
    void acceptsPromptAlone() {
        assertThat(SimulatorImageRequest.parse(new JsonObject("{\"prompt\":\"a fox\"}")))
                .isEqualTo(new SimulatorImageRequest(new ImageParameters("a fox", 0, 512, 512), 1, false));
    }

    @Test
    void parsesFieldsAndIgnoresUnknownFields() {
        // given
        JsonObject body = new JsonObject()
                .put("prompt", "a fox")
                .put("model", "m")
                .put("n", 3)
                .put("size", "640x64")
                .put("seed", 2147483648L)
                .put("negative_prompt", "blurry")
                .put("response_format", "url")
                .put("quality", "hd");

        // then
        assertThat(SimulatorImageRequest.parse(body))
                .isEqualTo(new SimulatorImageRequest(new ImageParameters("a fox", 2147483648L, 640, 64), 3, true));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    {}                                      | prompt
                    {"prompt":null}                         | prompt
                    {"prompt":7}                            | prompt
                    {"prompt":" "}                          | prompt
                    {"prompt":"a","n":0}                    | n
                    {"prompt":"a","n":11}                   | n
                    {"prompt":"a","n":1.5}                  | n
                    {"prompt":"a","n":"1"}                  | n
                    {"prompt":"a","size":"63x64"}           | size
                    {"prompt":"a","size":"64x2049"}         | size
                    {"prompt":"a","size":"big"}             | size
                    {"prompt":"a","size":64}                | size
                    {"prompt":"a","seed":"x"}               | seed
                    {"prompt":"a","seed":1e30}              | seed
                    {"prompt":"a","model":1}                | model
                    {"prompt":"a","negative_prompt":[]}     | negative_prompt
                    {"prompt":"a","response_format":"jpeg"} | response_format
                    """)
    void reportsInvalidField(String body, String param) {
        assertThatThrownBy(() -> SimulatorImageRequest.parse(new JsonObject(body)))
                .asInstanceOf(InstanceOfAssertFactories.type(SimulatorRequestException.class))
                .extracting(SimulatorRequestException::param)
                .isEqualTo(param);
    }
}
