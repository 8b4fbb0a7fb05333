package dev.sluice.storage.page;

/** Transaction ids ({@code access/transam.h}): unsigned, in a circle, with three special values. */
public final class TransactionIds {
    public static final int INVALID = 0;
    public static final int BOOTSTRAP = 1;
    public static final int FROZEN = 2;
    public static final int FIRST_NORMAL = 3;

    private TransactionIds() {}

    public static boolean isNormal(int xid) {
        return Integer.compareUnsigned(xid, FIRST_NORMAL) >= 0;
    }

    /** {@code TransactionIdRetreat}: the normal id before a normal one. */
    public static int before(int xid) {
        return isNormal(xid - 1) ? xid - 1 : -1;
    }

    /** {@code TransactionIdPrecedes}: whether {@code a} is logically before {@code b}. */
    public static boolean precedes(int a, int b) {
        if (!isNormal(a) || !isNormal(b)) {
            return Integer.compareUnsigned(a, b) < 0;
        }
        return a - b < 0;
    }
}
