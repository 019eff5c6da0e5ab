package dev.darkroom.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.eventbus.FieldError;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Schemas of parameters and the errors of requests. */
class ParametersSchemaTest {
    private static final String SCHEMA = """
            {"type": "object", "required": ["steps"], "properties": {
              "steps": {"type": "integer", "minimum": 1, "maximum": 50},
              "sampler": {"enum": ["euler", "ddim"]},
              "name": {"type": "string", "pattern": "^[a-z]+$"},
              "a/b": {"type": "number"},
              "hires": {"type": "object", "properties": {"scale": {"type": "number"}}},
              "loras": {"type": "array", "maxItems": 2, "items": {"type": "object", "properties": {"id": {"type": "string"}}}}}}""";

    private static ParametersSchema parse(String json) {
        return ParametersSchema.parse("p.json", Buffer.buffer(json), Set.of("prompt", "n"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"steps\":20,\"sampler\":\"euler\",\"hires\":{\"scale\":1.5},\"loras\":[{\"id\":\"x\"}]} | |",
                "{} | #/parameters/steps | is required",
                "{\"steps\":51} | #/parameters/steps | must have a maximum value of 50",
                "{\"steps\":\"20\"} | #/parameters/steps | string found, integer expected",
                "{\"steps\":1,\"sampler\":\"x\"} | #/parameters/sampler | does not have a value in the enumeration [\"euler\", \"ddim\"]",
                "{\"steps\":1,\"name\":\"A\"} | #/parameters/name | does not match the regex pattern ^[a-z]+$",
                "{\"steps\":1,\"other\":1} | #/parameters/other | is not a known parameter",
                "{\"steps\":1,\"a/b\":\"\"} | #/parameters/a~1b | string found, number expected",
                "{\"steps\":1,\"hires\":{\"url\":\"x\"}} | #/parameters/hires/url | is not a known parameter",
                "{\"steps\":1,\"loras\":[{\"id\":\"x\"},{\"url\":\"x\"}]} | #/parameters/loras/1/url | is not a known parameter",
                "{\"steps\":1,\"loras\":[{},{},{}]} | #/parameters/loras | must have at most 2 items but found 3",
            })
    void namesTheInvalidMember(String parameters, String pointer, String detail) {
        // when
        var errors = parse(SCHEMA).validate(new JsonObject(parameters));

        // then
        if (pointer == null) {
            assertThat(errors).isEmpty();
        } else {
            assertThat(errors).containsExactly(new FieldError(pointer, detail));
        }
    }

    @Test
    void requestsWithoutParametersLackRequiredOnes() {
        assertThat(parse(SCHEMA).validate(null)).containsExactly(new FieldError("#/parameters/steps", "is required"));
    }

    @Test
    void openSchemaAcceptsOtherNamesExceptReservedOnes() {
        // given
        ParametersSchema open = parse("{\"type\": \"object\", \"additionalProperties\": true}");

        // then
        assertThat(open.validate(new JsonObject().put("any", new JsonObject().put("x", 1))))
                .isEmpty();
        assertThat(open.validate(new JsonObject().put("prompt", "x")))
                .containsExactly(new FieldError("#/parameters/prompt", "is a field that Darkroom writes"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"type\": \"object\", \"properties\": {\"n\": {}}} | \"n\" is a field that Darkroom writes",
                "{\"properties\": {}} | expected an object schema",
                "{\"type\": \"array\"} | expected an object schema",
                "{\"type\": \"object\", \"properties\": {\"x\": {\"type\": \"int\"}}} | not a JSON Schema of draft 2020-12",
                "{\"type\": \"object\", \"properties\": {\"x\": {\"minimum\": \"1\"}}} | not a JSON Schema of draft 2020-12",
                "{\"$schema\": \"http://json-schema.org/draft-07/schema#\", \"type\": \"object\"} | expected draft 2020-12",
                "{\"type\": \"object\", \"properties\": {\"x\": {\"$ref\": \"#/$defs/none\"}}} | p.json",
                "{\"type\": \"object\", \"properties\": {\"x\": {\"$ref\": \"http://127.0.0.1:1/x.json\"}}} | p.json",
                "{\"type\": \"object\", \"properties\": {\"x\": {\"$ref\": \"file:///etc/hostname\"}}} | p.json",
                "{\"type\": \"object\", \"properties\": {\"x\": {\"$ref\": \"classpath:conf/darkroom.yaml\"}}} | p.json",
                "{\"type\": \"object\", \"properties\": {\"x\": {\"pattern\": \"(\"}}} | p.json",
                "[] | not a JSON object",
                "{ | not valid JSON"
            })
    void rejectsAnUnusableSchema(String json, String message) {
        assertThatThrownBy(() -> parse(json))
                .isInstanceOf(InvalidParametersSchemaException.class)
                .hasMessageStartingWith("parameters schema p.json: ")
                .hasMessageContaining(message);
    }

    @Test
    void rejectsAMissingFile(@TempDir Path directory) {
        Path file = directory.resolve("none.json");
        assertThatThrownBy(() -> ParametersSchema.load(file, Set.of()))
                .isInstanceOf(InvalidParametersSchemaException.class)
                .hasMessageContaining(file + ": not readable");
    }

    @Test
    void schemaForClientsShowsClosedObjects() {
        assertThat(parse("{\"type\": \"object\", \"properties\": {\"x\": {\"properties\": {}}}}")
                        .json())
                .isEqualTo(
                        new JsonObject(
                                "{\"type\": \"object\", \"properties\": {\"x\": {\"properties\": {}, \"additionalProperties\": false}}, \"additionalProperties\": false}"));
    }
}
