package dev.darkroom.backend.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.darkroom.backend.InputLimits;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InputFieldsTest {
    @Test
    void parsesFieldsAndNames() {
        assertThat(InputFields.parse(" prompt , seed,num_outputs = num_images"))
                .isEqualTo(new InputFields("prompt", null, "seed", null, null, "num_images", null, null, null, null));
        assertThat(InputFields.parse("prompt=text"))
                .isEqualTo(new InputFields("text", null, null, null, null, null, null, null, null, null));
    }

    @Test
    void defaultHasAllFields() {
        assertThat(InputFields.DEFAULT)
                .isEqualTo(new InputFields(
                        "prompt", "negative_prompt", "seed", "width", "height", "num_outputs", null, null, null, null));
    }

    @Test
    void imagesAreUpToTheLimitOfTheContract() {
        assertThat(InputFields.parse("prompt,images").limits().inputs()).isEqualTo(InputLimits.upTo(16, false));
        assertThat(InputFields.parse("prompt,image,mask").limits().inputs()).isEqualTo(InputLimits.upTo(1, true));
        assertThat(InputFields.parse("prompt").limits().inputs()).isEqualTo(InputLimits.NONE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "seed",
                "prompt,",
                "prompt,steps",
                "prompt,prompt",
                "prompt,seed=",
                "prompt,seed=a b",
                "prompt=,seed"
            })
    void rejectsOtherTexts(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> InputFields.parse(text))
                .withMessageStartingWith("expected ");
    }
}
