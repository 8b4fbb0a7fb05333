package dev.sluice.gateway.routing;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * IP addresses of one family from one to another: a single one, a CIDR block (RFC 4632), or a range
 * {@code a-b}. An IPv4 address that came in an IPv6 one ({@code ::ffff:1.2.3.4}) counts as IPv4.
 */
public final class AddressRange {
    private static final Pattern LITERAL = Pattern.compile("[0-9a-f:.]+");

    private final String text;
    private final byte[] first;
    private final byte[] last;

    private AddressRange(String text, byte[] first, byte[] last) {
        this.text = text;
        this.first = first;
        this.last = last;
    }

    /**
     * @throws IllegalArgumentException if the text is none of the three forms; host names are not
     *     looked up
     */
    public static AddressRange parse(String text) {
        String trimmed = text.strip().toLowerCase(Locale.ROOT);
        int slash = trimmed.indexOf('/');
        int dash = trimmed.indexOf('-');
        if (slash >= 0) {
            return block(text, trimmed.substring(0, slash), trimmed.substring(slash + 1));
        }
        byte[] first = address(text, dash < 0 ? trimmed : trimmed.substring(0, dash).strip());
        byte[] last = dash < 0 ? first : address(text, trimmed.substring(dash + 1).strip());
        if (first.length != last.length || Arrays.compareUnsigned(first, last) > 0) {
            throw new IllegalArgumentException(
                    "\"" + text + "\" does not go from a lower address to a higher one");
        }
        return new AddressRange(trimmed, first, last);
    }

    private static AddressRange block(String text, String address, String prefixText) {
        byte[] first = address(text, address);
        int prefix;
        try {
            prefix = Integer.parseInt(prefixText);
        } catch (NumberFormatException e) {
            prefix = -1;
        }
        int bits = first.length * Byte.SIZE;
        if (prefix < 0 || prefix > bits) {
            throw new IllegalArgumentException(
                    "\"" + text + "\" is not a CIDR block: its prefix must be 0 to " + bits);
        }
        byte[] last = first.clone();
        for (int bit = prefix; bit < bits; bit++) {
            int mask = 0x80 >> (bit % Byte.SIZE);
            first[bit / Byte.SIZE] &= (byte) ~mask;
            last[bit / Byte.SIZE] |= (byte) mask;
        }
        return new AddressRange(text.strip(), first, last);
    }

    private static byte[] address(String text, String literal) {
        // Anything else would be looked up as a name.
        if (LITERAL.matcher(literal).matches()
                && (literal.indexOf(':') >= 0
                        || literal.chars().filter(c -> c == '.').count() == 3)) {
            try {
                return InetAddress.getByName(literal).getAddress();
            } catch (UnknownHostException e) {
                throw notAnAddress(text, e);
            }
        }
        throw notAnAddress(text, null);
    }

    private static IllegalArgumentException notAnAddress(String text, @Nullable Exception cause) {
        return new IllegalArgumentException(
                "\""
                        + text
                        + "\" is not an IP address, a CIDR block such as 10.0.0.0/8, or a range such"
                        + " as 10.0.0.1-10.0.0.9",
                cause);
    }

    public boolean contains(InetAddress address) {
        byte[] bytes = address.getAddress();
        return bytes.length == first.length
                && Arrays.compareUnsigned(bytes, first) >= 0
                && Arrays.compareUnsigned(bytes, last) <= 0;
    }

    /** The network that an address belongs to for limits: its /24, or its /64 if it is IPv6. */
    public static AddressRange networkOf(InetAddress address) {
        int prefix = address instanceof Inet4Address ? 24 : 64;
        byte[] first = address.getAddress();
        byte[] last = first.clone();
        Arrays.fill(first, prefix / Byte.SIZE, first.length, (byte) 0);
        Arrays.fill(last, prefix / Byte.SIZE, last.length, (byte) 0xFF);
        return new AddressRange(address.getHostAddress() + "/" + prefix, first, last);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof AddressRange range
                && Arrays.equals(first, range.first)
                && Arrays.equals(last, range.last);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(first) + Arrays.hashCode(last);
    }

    @Override
    public String toString() {
        return text;
    }
}
