package dev.sluice.compute.binaries;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A release of Postgres, such as 17.11.
 *
 * @param minor 0 for a beta or release candidate, which {@code postgres --version} prints as {@code
 *     18beta1}
 */
public record PostgresVersion(int major, int minor) {
    private static final Pattern PRINTED =
            Pattern.compile("\\(PostgreSQL\\) (\\d+)(?:\\.(\\d+)|(?:beta|rc|devel)\\d*)");

    /**
     * Reads the first line that {@code postgres --version} prints, with or without a distribution's
     * own words after it.
     *
     * @throws IllegalArgumentException if it holds no version
     */
    public static PostgresVersion ofPrinted(String line) {
        Matcher matcher = PRINTED.matcher(line);
        if (!matcher.find()) {
            throw new IllegalArgumentException("not a Postgres version: \"" + line.strip() + "\"");
        }
        String minor = matcher.group(2);
        return new PostgresVersion(
                Integer.parseInt(matcher.group(1)), minor == null ? 0 : Integer.parseInt(minor));
    }

    @Override
    public String toString() {
        return major + "." + minor;
    }
}
