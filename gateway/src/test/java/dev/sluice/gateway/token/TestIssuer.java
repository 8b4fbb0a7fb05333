package dev.sluice.gateway.token;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jose4j.jwk.EcJwkGenerator;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwk.OkpJwkGenerator;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jwk.RsaJwkGenerator;
import org.jose4j.jws.AlgorithmIdentifiers;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.NumericDate;
import org.jose4j.keys.EllipticCurves;
import org.jose4j.lang.JoseException;

/** Somebody who signs tokens, with keys of every kind. */
public final class TestIssuer {
    /** The names of its keys: the algorithms that they are for. */
    public static final List<String> ALGORITHMS =
            List.of(
                    AlgorithmIdentifiers.RSA_USING_SHA256,
                    AlgorithmIdentifiers.ECDSA_USING_P256_CURVE_AND_SHA256,
                    AlgorithmIdentifiers.EDDSA);

    private final List<PublicJsonWebKey> keys = new ArrayList<>();

    public TestIssuer() throws JoseException {
        keys.add(RsaJwkGenerator.generateJwk(2048));
        keys.add(EcJwkGenerator.generateJwk(EllipticCurves.P256));
        keys.add(OkpJwkGenerator.generateJwk("Ed25519"));
        for (int i = 0; i < keys.size(); i++) {
            keys.get(i).setKeyId(ALGORITHMS.get(i));
        }
    }

    /** What it publishes. */
    public String keySet() {
        return new JsonWebKeySet(List.copyOf(keys))
                .toJson(JsonWebKey.OutputControlLevel.PUBLIC_ONLY);
    }

    PublicJsonWebKey key(String algorithm) {
        return keys.get(ALGORITHMS.indexOf(algorithm));
    }

    /** Claims that are good from now on for five minutes. */
    public static JwtClaims claims(Instant now, Map<String, String> more) {
        JwtClaims claims = new JwtClaims();
        claims.setSubject("user-7");
        claims.setExpirationTime(NumericDate.fromMilliseconds(now.plusSeconds(300).toEpochMilli()));
        more.forEach(claims::setClaim);
        return claims;
    }

    /** A token signed as its header says. */
    public String sign(String algorithm, JwtClaims claims) throws JoseException {
        JsonWebSignature token = new JsonWebSignature();
        token.setPayload(claims.toJson());
        token.setAlgorithmHeaderValue(algorithm);
        token.setKeyIdHeaderValue(algorithm);
        token.setKey(key(algorithm).getPrivateKey());
        return token.getCompactSerialization();
    }
}
