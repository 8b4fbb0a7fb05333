package dev.sluice.gateway;

import java.util.Arrays;

/**
 * The rank-sum test of Mann and Whitney on two samples of times. It does not mind outliers, of
 * which times are full.
 */
final class RankSum {
    private RankSum() {}

    /**
     * How likely one drawn from {@code a} is larger than one drawn from {@code b}, equals counting
     * half: 0.5 when they cannot be told apart. Of samples of {@code n} each, which cannot, it
     * strays from that by {@code sqrt(1 / (6 n))}.
     */
    static double larger(long[] a, long[] b) {
        long[] sorted = b.clone();
        Arrays.sort(sorted);
        double sum = 0;
        for (long each : a) {
            int below = lowerBound(sorted, each);
            int notAbove = lowerBound(sorted, each + 1);
            sum += below + (notAbove - below) / 2.0;
        }
        return sum / ((double) a.length * b.length);
    }

    /** How often that straying is exceeded: in multiples of it. */
    static double strays(long[] a, long[] b) {
        return Math.abs(larger(a, b) - 0.5) * Math.sqrt(6.0 * Math.min(a.length, b.length));
    }

    private static int lowerBound(long[] sorted, long key) {
        int low = 0;
        int high = sorted.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (sorted[middle] < key) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
