package dev.sluice.wire.scram;

import com.ongres.saslprep.SASLprep;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** A password as it goes into the hash. */
final class ScramPassword {
    private static final SASLprep SASLPREP = new SASLprep();

    /** RFC 3454, table B.1. The library fails on a text made of nothing else. */
    private static final Pattern MAPPED_TO_NOTHING =
            Pattern.compile(
                    "[\\u00AD\\u034F\\u1806\\u180B-\\u180D\\u200B-\\u200D\\u2060\\uFE00-\\uFE0F\\uFEFF]*");

    private ScramPassword() {}

    /**
     * SASLprep (RFC 4013) as Postgres does it ({@code saslprep.c}): pure ASCII is taken as it is,
     * and so is what SASLprep refuses or leaves nothing of, so that such passwords work too.
     */
    static byte[] prepared(String password) {
        return normalized(password).getBytes(StandardCharsets.UTF_8);
    }

    private static String normalized(String password) {
        if (password.chars().allMatch(c -> c < 0x80)
                || MAPPED_TO_NOTHING.matcher(password).matches()) {
            return password;
        }
        try {
            return SASLPREP.prepareStored(password);
        } catch (IllegalArgumentException e) {
            return password;
        }
    }
}
