package dev.darkroom.auth.jwt;

import io.vertx.core.Future;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the public key of an issuer from a PEM file (RFC 7468, section 13). The key is used for every {@code kid}. */
final class PublicKeyFileReader {
    private static final Pattern PEM_PATTERN =
            Pattern.compile("-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\\s]+)-----END PUBLIC KEY-----");
    private static final List<String> KEY_ALGORITHMS = List.of("RSA", "EC", "EdDSA");

    /** RFC 7518, section 3.3. */
    private static final int MIN_RSA_BITS = 2048;

    private PublicKeyFileReader() {}

    /**
     * Reads the file. Blocking.
     *
     * @throws IOException when the file cannot be read
     * @throws GeneralSecurityException when the file contains no usable key
     */
    static Function<String, Future<Optional<JwtVerificationKey>>> read(Path file)
            throws IOException, GeneralSecurityException {
        JwtVerificationKey key = new JwtVerificationKey(parse(readText(file)), null);
        return id -> Future.succeededFuture(Optional.of(key));
    }

    private static String readText(Path file) throws IOException {
        try {
            return Files.readString(file);
        } catch (CharacterCodingException e) {
            return ""; // Binary, so it is no PEM.
        }
    }

    private static byte[] decode(String base64) throws InvalidKeyException {
        try {
            return Base64.getMimeDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw new InvalidKeyException("it is not in Base64", e);
        }
    }

    static PublicKey parse(String pem) throws GeneralSecurityException {
        Matcher matcher = PEM_PATTERN.matcher(pem);
        if (!matcher.find()) {
            throw new InvalidKeyException("it has no BEGIN PUBLIC KEY");
        }
        byte[] encoded = decode(matcher.group(1));
        for (String type : KEY_ALGORITHMS) {
            try {
                PublicKey key = KeyFactory.getInstance(type).generatePublic(new X509EncodedKeySpec(encoded));
                if (key instanceof RSAPublicKey rsa && rsa.getModulus().bitLength() < MIN_RSA_BITS) {
                    throw new InvalidKeyException("its RSA key has fewer than " + MIN_RSA_BITS + " bits");
                }
                return key;
            } catch (InvalidKeySpecException e) {
                // The key has another type; tries the next.
            }
        }
        throw new InvalidKeyException("its key is neither RSA nor EC nor EdDSA");
    }
}
