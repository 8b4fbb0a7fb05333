package dev.sluice.walservice.consensus;

import java.util.SplittableRandom;

/**
 * How bad a schedule is.
 *
 * @param ordered whether a connection delivers in order, as TCP does, and breaks instead of losing
 *     a message
 * @param loss of a message, in thousandths; so is {@code duplication}
 * @param delay the mean of a message's, in virtual microseconds; so are {@code sync}, a disk's, and
 *     {@code calm}, the time between faults
 * @param crashWithin a step, between two of its actions, in thousandths
 * @param diskLoss whether disks are lost, one at a time
 * @param window how many bytes a compute has under way to an acceptor
 * @param haste a compute writes fewer records than this at a time
 * @param spares acceptors that may become members
 * @param change the mean time between changes of the configuration, in virtual microseconds
 * @param fickle computes live briefly, and reach about half of the acceptors at first
 */
record Weather(
        int acceptors,
        boolean ordered,
        int loss,
        int duplication,
        long delay,
        long sync,
        long calm,
        int crashWithin,
        boolean diskLoss,
        int window,
        int haste,
        int spares,
        long change,
        boolean fickle) {

    static Weather draw(SplittableRandom random) {
        boolean ordered = random.nextInt(3) > 0;
        return new Weather(
                random.nextInt(5) == 0 ? 5 : 3,
                ordered,
                ordered ? 0 : pick(random, 0, 10, 50),
                ordered ? 0 : pick(random, 0, 20, 100),
                pick(random, 100, 500, 3000),
                pick(random, 50, 500, 2000),
                pick(random, 1500, 4000, 15000),
                pick(random, 0, 0, 10),
                random.nextInt(2) == 0,
                pick(random, 16, 48, 160),
                pick(random, 3, 3, 10),
                pick(random, 0, 1, 3, 5),
                pick(random, 4000, 12000),
                random.nextInt(3) == 0);
    }

    private static int pick(SplittableRandom random, int... from) {
        return from[random.nextInt(from.length)];
    }
}
