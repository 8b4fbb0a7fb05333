package dev.sluice.wire.startup;

/**
 * A version of the frontend/backend protocol.
 *
 * @param major 3 for everything since Postgres 7.4
 * @param minor 0, or 2 since Postgres 18; clients announce larger ones to test negotiation
 */
public record ProtocolVersion(int major, int minor) implements Comparable<ProtocolVersion> {
    public static final ProtocolVersion V3_0 = new ProtocolVersion(3, 0);

    /** Since Postgres 18: cancel keys of up to 256 bytes. There is no 3.1. */
    public static final ProtocolVersion V3_2 = new ProtocolVersion(3, 2);

    /** From the wire's 32 bits: major in the upper half, minor in the lower. */
    public static ProtocolVersion of(int code) {
        return new ProtocolVersion(code >>> 16, code & 0xffff);
    }

    public int code() {
        return major << 16 | minor;
    }

    @Override
    public int compareTo(ProtocolVersion other) {
        return Integer.compareUnsigned(code(), other.code());
    }

    @Override
    public String toString() {
        return major + "." + minor;
    }
}
