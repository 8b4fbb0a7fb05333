package dev.sluice.gateway.cancel;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.KDF;
import javax.crypto.SecretKey;
import javax.crypto.spec.HKDFParameterSpec;

/** What the gateways of one fleet know: the key of what they tell each other. Never printed. */
public final class FleetSecret {
    private static final int MIN_CHARACTERS = 32;

    private final SecretKey key;

    private FleetSecret(SecretKey key) {
        this.key = key;
    }

    /**
     * @throws IllegalArgumentException if it is shorter than 32 characters
     */
    public static FleetSecret of(String text) {
        if (text.length() < MIN_CHARACTERS) {
            throw new IllegalArgumentException(
                    "the gateways' secret must have at least " + MIN_CHARACTERS + " characters");
        }
        try {
            return new FleetSecret(
                    KDF.getInstance("HKDF-SHA256")
                            .deriveKey(
                                    "AES",
                                    HKDFParameterSpec.ofExtract()
                                            .addIKM(text.getBytes(StandardCharsets.UTF_8))
                                            .thenExpand(
                                                    "sluice forwarded cancel"
                                                            .getBytes(StandardCharsets.US_ASCII),
                                                    32)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HKDF-SHA256", e);
        }
    }

    SecretKey key() {
        return key;
    }

    @Override
    public String toString() {
        return "FleetSecret[redacted]";
    }
}
