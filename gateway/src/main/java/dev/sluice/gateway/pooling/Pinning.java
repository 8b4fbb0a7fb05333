package dev.sluice.gateway.pooling;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Why a pooled client has to keep its server connection, if it has to, and whether what it has sent
 * since the server was last asked gives cause to ask again.
 */
final class Pinning {
    private boolean suspicious;
    private boolean loads;
    private List<String> reasons = List.of();
    private Set<String> noticed = Set.of();
    private Set<String> unshareable = Set.of();

    boolean isPinned() {
        return !reasons.isEmpty();
    }

    /** What cannot be shared, in words. */
    List<String> reasons() {
        return reasons;
    }

    /** Whether the server must be asked what there is. */
    boolean isSuspicious() {
        return suspicious;
    }

    /** A text was seen that may change the session. */
    void suspect(boolean loadsLibrary) {
        suspicious = true;
        loads |= loadsLibrary;
    }

    /** Something cannot be done with a shared connection. */
    void mustPin(String reason) {
        unshareable = with(unshareable, List.of(reason));
        suspicious = true;
    }

    /** The server is being asked. */
    void asking() {
        suspicious = false;
    }

    /**
     * What the server answered.
     *
     * @return whether there are reasons that the client has not been told of
     */
    boolean found(List<String> there) {
        List<String> all = new ArrayList<>(there);
        if (loads) {
            all.add("LOAD");
        }
        all.addAll(unshareable);
        reasons = List.copyOf(all);
        boolean news = !noticed.containsAll(all);
        noticed = all.isEmpty() ? Set.of() : with(noticed, all);
        return news;
    }

    private static Set<String> with(Set<String> some, List<String> more) {
        Set<String> all = new LinkedHashSet<>(some);
        all.addAll(more);
        return all;
    }

    /** {@code DISCARD ALL} was done. */
    void discarded() {
        unshareable = Set.of();
    }

    /** The session on the server is gone, with all that was in it. */
    void serverLost() {
        reasons = List.of();
        suspicious = false;
        loads = false;
    }
}
