package dev.darkroom.api.body;

import dev.darkroom.api.problem.Problem;
import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;

/**
 * A part of a form. Instances are never compared, so the array component is safe.
 *
 * @param file whether the part has a file name
 * @param mediaType as declared, in lower case and without parameters; null when there is none
 * @param charset as declared, UTF-8 without one
 */
@SuppressWarnings("ArrayRecordComponent")
record FormPart(String name, boolean file, String mediaType, Charset charset, byte[] content) {

    Buffer buffer() {
        return Buffer.buffer(content);
    }

    /**
     * Returns the content as text.
     *
     * @throws Problem when it is malformed
     */
    String text() {
        try {
            return charset.newDecoder().decode(ByteBuffer.wrap(content)).toString();
        } catch (CharacterCodingException e) {
            throw Problem.invalid("#/" + name, "is not " + charset.name());
        }
    }
}
