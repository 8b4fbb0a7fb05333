package dev.sluice.gateway.transport;

/**
 * What a connection speaks, told by its first byte. A Postgres startup packet begins with its
 * length, 10 000 at most, so with a zero; a TLS record with its type; an HTTP request, of version 1
 * or 2 ({@code PRI * HTTP/2.0}), with a method in capital letters.
 */
public enum Spoken {
    POSTGRES,
    TLS,
    HTTP;

    private static final int TLS_HANDSHAKE = 0x16;

    /**
     * @param firstByte unsigned
     */
    public static Spoken of(int firstByte) {
        if (firstByte == TLS_HANDSHAKE) {
            return TLS;
        }
        return firstByte >= 'A' && firstByte <= 'Z' ? HTTP : POSTGRES;
    }
}
