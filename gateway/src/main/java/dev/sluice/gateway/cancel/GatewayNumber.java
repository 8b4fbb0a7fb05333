package dev.sluice.gateway.cancel;

/**
 * The gateway that a session is at, as its process id tells: the ten bits below the sign. Clients
 * of every version of the protocol show it when they cancel; the other 21 bits are random.
 */
public final class GatewayNumber {
    /** Of a gateway that is the only one. */
    public static final int ALONE = 0;

    public static final int MAX = 1023;

    private static final int SESSION_BITS = 21;

    /** How many process ids a gateway has. */
    public static final int SESSIONS = 1 << SESSION_BITS;

    private GatewayNumber() {}

    /**
     * @param session 0 to {@link #SESSIONS} - 1
     */
    public static int processId(int number, int session) {
        if (number < 0 || number > MAX || session < 0 || session >= SESSIONS) {
            throw new IllegalArgumentException("session " + session + " of gateway " + number);
        }
        return number << SESSION_BITS | session;
    }

    /** The gateway of a process id, whoever made it up. */
    public static int of(int processId) {
        return processId >>> SESSION_BITS & MAX;
    }
}
