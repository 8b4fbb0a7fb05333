package dev.sluice.gateway.routing;

import java.util.Optional;

/**
 * A password that says which endpoint it is for, from clients that cannot say it elsewhere: {@code
 * endpoint=ep-x;password} or {@code endpoint=ep-x$password}, and {@code project=} as old clients
 * say. An endpoint's name has neither separator in it, so the first of them ends it, and the
 * password may contain both. (The reference looks for {@code ;} in all of it first, and so splits
 * {@code endpoint=ep-x$a;b} in the password.)
 *
 * <p>Secret: {@link #toString} keeps the password back.
 *
 * @param endpoint as it was written; {@link ClientDestination#toEndpoint} checks it
 * @param password all that follows the separator
 */
public record PasswordForm(String endpoint, String password) {

    /** Empty if it is an ordinary password. */
    public static Optional<PasswordForm> parse(String text) {
        if (!text.startsWith("endpoint=") && !text.startsWith("project=")) {
            return Optional.empty();
        }
        int begin = text.indexOf('=') + 1;
        for (int i = begin; i < text.length(); i++) {
            if (text.charAt(i) == ';' || text.charAt(i) == '$') {
                return Optional.of(
                        new PasswordForm(text.substring(begin, i), text.substring(i + 1)));
            }
        }
        return Optional.empty();
    }

    @Override
    public String toString() {
        return "PasswordForm[endpoint=" + endpoint + "]";
    }
}
