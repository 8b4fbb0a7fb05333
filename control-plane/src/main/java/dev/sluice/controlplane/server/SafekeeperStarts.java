package dev.sluice.controlplane.server;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What starting safekeepers has in common, be they in this process or processes of their own. */
final class SafekeeperStarts {
    private static final Logger log = LoggerFactory.getLogger(SafekeeperStarts.class);

    private SafekeeperStarts() {}

    /** Starts one. */
    interface Start {
        void start(long number) throws IOException;
    }

    /**
     * Starts those that belong to the folder; without those that do not, if the others are enough.
     *
     * @return those that did not start
     * @throws IOException of the first that did not, if the others are not enough
     */
    static List<Long> all(DataFolder folder, int members, Start start) throws IOException {
        List<Long> all = folder.runningSafekeepers(members);
        List<Long> failed = new ArrayList<>();
        IOException failure = null;
        for (long number : all) {
            try {
                start.start(number);
            } catch (IOException e) {
                log.error("safekeeper {} does not start", number, e);
                failed.add(number);
                failure = failure == null ? e : failure;
            }
        }
        if (failure != null && !folder.isEnough(all.size() - failed.size())) {
            throw failure;
        }
        if (failure == null) {
            folder.safekeepersStarted(members);
        }
        return failed;
    }

    /**
     * What keeps one that was never here from being started; null if nothing does. The port of one
     * that nobody but other parts is to find is chosen among free ones.
     */
    static @Nullable String obstacle(DataFolder folder, ServerOptions options, long number) {
        String trace = folder.traceOf(number);
        return trace != null ? trace : PartPorts.obstacle(number, options);
    }
}
