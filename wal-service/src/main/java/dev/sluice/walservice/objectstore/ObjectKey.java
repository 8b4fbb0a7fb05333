package dev.sluice.walservice.objectstore;

import java.util.regex.Pattern;

/** What a key may be; so that none leads out of a folder, or means something to S3. */
final class ObjectKey {
    private static final Pattern KEY =
            Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*");
    private static final int LONGEST = 512;

    private ObjectKey() {}

    static boolean is(String key) {
        return key.length() <= LONGEST && KEY.matcher(key).matches();
    }

    static String checked(String key) {
        if (!is(key)) {
            throw new IllegalArgumentException("not an object's key: \"" + key + "\"");
        }
        return key;
    }
}
