package dev.sluice.gateway.parking;

/**
 * Follows what a client sends, to tell {@link Ping}s from the rest: a Bind that names nothing is of
 * the unnamed statement, which may be any, unless an empty one has just been parsed.
 */
public final class PingWatch {
    private boolean pinging;
    private boolean parsed;
    private boolean bound;

    /**
     * The client has begun to send a message.
     *
     * @param settled whether nothing was open before, so that pings may begin
     */
    public void sent(byte type, int bodyLength, boolean settled) {
        pinging = (pinging || settled) && Ping.isPart(type, bodyLength) && isInOrder(type);
        parsed = pinging && (type == 'P' || (parsed && type != 'Q'));
        bound = pinging && (type == 'B' || (bound && type != 'Q' && type != 'S'));
    }

    private boolean isInOrder(byte type) {
        return switch (type) {
            case 'B', 'D' -> parsed;
            case 'E' -> bound;
            default -> true;
        };
    }

    /** Whether all that was sent since nothing was open is pings, the last perhaps in part. */
    public boolean isPinging() {
        return pinging;
    }
}
