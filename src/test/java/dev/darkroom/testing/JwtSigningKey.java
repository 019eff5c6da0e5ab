package dev.darkroom.testing;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Key pair of a JWT issuer. Signs tokens with the JDK only, independently of the library under test. */
public final class JwtSigningKey {
    private static final int ED25519_BYTES = 32;

    private final String id;
    private final KeyPair pair;

    private JwtSigningKey(String id, KeyPair pair) {
        this.id = id;
        this.pair = pair;
    }

    /** Returns the same key of 2048 bits for each id. Generating one takes seconds in a JVM without the C2 compiler. */
    public static JwtSigningKey rsa(String id) {
        return readRsa(id, "rsa-2048");
    }

    /** Returns another key of 2048 bits. */
    public static JwtSigningKey otherRsa(String id) {
        return readRsa(id, "rsa-2048-other");
    }

    /** Returns a new key of 1024 bits, which is too weak. */
    public static JwtSigningKey weakRsa(String id) {
        return generate(id, "RSA", generator -> generator.initialize(1024));
    }

    private static JwtSigningKey readRsa(String id, String name) {
        try (InputStream file = JwtSigningKey.class.getResourceAsStream("/keys/" + name + ".der")) {
            KeyFactory factory = KeyFactory.getInstance("RSA");
            RSAPrivateCrtKey key =
                    (RSAPrivateCrtKey) factory.generatePrivate(new PKCS8EncodedKeySpec(file.readAllBytes()));
            PublicKey publicKey =
                    factory.generatePublic(new RSAPublicKeySpec(key.getModulus(), key.getPublicExponent()));
            return new JwtSigningKey(id, new KeyPair(publicKey, key));
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** @param curve such as {@code secp256r1} */
    public static JwtSigningKey ec(String id, String curve) {
        return generate(id, "EC", generator -> generator.initialize(new ECGenParameterSpec(curve)));
    }

    public static JwtSigningKey ed25519(String id) {
        return generate(id, "Ed25519", generator -> {});
    }

    private interface GeneratorSetup {
        void initialize(KeyPairGenerator generator) throws GeneralSecurityException;
    }

    private static JwtSigningKey generate(String id, String type, GeneratorSetup setup) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(type);
            setup.initialize(generator);
            return new JwtSigningKey(id, generator.generateKeyPair());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    public String id() {
        return id;
    }

    /** Returns the same key with another key id. */
    public JwtSigningKey withId(String other) {
        return new JwtSigningKey(other, pair);
    }

    /** Returns the public key as a JWK (RFC 7517). */
    public JsonObject jwk() {
        JsonObject jwk = new JsonObject().put("kid", id).put("use", "sig");
        PublicKey key = pair.getPublic();
        if (key instanceof RSAPublicKey rsa) {
            return jwk.put("kty", "RSA")
                    .put(
                            "n",
                            base64Url(unsignedBytes(
                                    rsa.getModulus(), (rsa.getModulus().bitLength() + 7) / 8)))
                    .put("e", base64Url(rsa.getPublicExponent().toByteArray()));
        }
        if (key instanceof ECPublicKey ec) {
            int bits = ec.getParams().getOrder().bitLength();
            int length = (bits + 7) / 8;
            return jwk.put("kty", "EC")
                    .put("crv", "P-" + bits)
                    .put("x", base64Url(unsignedBytes(ec.getW().getAffineX(), length)))
                    .put("y", base64Url(unsignedBytes(ec.getW().getAffineY(), length)));
        }
        byte[] encoded = key.getEncoded();
        return jwk.put("kty", "OKP")
                .put("crv", "Ed25519")
                .put("x", base64Url(Arrays.copyOfRange(encoded, encoded.length - ED25519_BYTES, encoded.length)));
    }

    /** Returns the public key in PEM (RFC 7468). */
    public String pem() {
        return "-----BEGIN PUBLIC KEY-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'})
                        .encodeToString(pair.getPublic().getEncoded())
                + "\n-----END PUBLIC KEY-----\n";
    }

    /** Returns a JWT signed with the algorithm of the header's {@code alg}. */
    public String sign(JsonObject header, JsonObject claims) {
        return sign(header.encode(), claims.encode(), header.getString("alg"));
    }

    /** Returns a JWT with any header and claims, signed with an algorithm that may differ from the header's. */
    public String sign(String header, String claims, String algorithm) {
        String signed = base64Url(header) + "." + base64Url(claims);
        try {
            Signature signature = Signature.getInstance(jcaName(algorithm));
            signature.initSign(pair.getPrivate());
            signature.update(signed.getBytes(StandardCharsets.US_ASCII));
            return signed + "." + base64Url(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(algorithm, e);
        }
    }

    private static String jcaName(String algorithm) {
        String hash = "SHA" + algorithm.substring(2) + "with";
        return switch (algorithm.substring(0, 2)) {
            case "RS" -> hash + "RSA";
            case "ES" -> hash + "ECDSAinP1363Format";
            default -> "Ed25519";
        };
    }

    /** Returns a JWT with an HMAC-SHA256 signature. */
    public static String signWithSecret(JsonObject header, JsonObject claims, byte[] secret) {
        String signed = base64Url(header.encode()) + "." + base64Url(claims.encode());
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            return signed + "." + base64Url(mac.doFinal(signed.getBytes(StandardCharsets.US_ASCII)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns the public key in X.509 DER encoding. */
    public byte[] publicBytes() {
        return pair.getPublic().getEncoded();
    }

    public static String base64Url(String text) {
        return base64Url(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String base64Url(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static byte[] unsignedBytes(BigInteger number, int length) {
        byte[] bytes = number.toByteArray();
        byte[] result = new byte[length];
        int copied = Math.min(bytes.length, length);
        System.arraycopy(bytes, bytes.length - copied, result, length - copied, copied);
        return result;
    }
}
