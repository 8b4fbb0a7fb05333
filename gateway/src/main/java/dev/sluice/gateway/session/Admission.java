package dev.sluice.gateway.session;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Bounds how many clients there are, and how many of them have not proved a password yet. */
public final class Admission {
    private final int maxConnections;
    private final int maxUnauthenticated;
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger unauthenticated = new AtomicInteger();

    public Admission(int maxConnections, int maxUnauthenticated) {
        this.maxConnections = maxConnections;
        this.maxUnauthenticated = maxUnauthenticated;
    }

    /** Counts a new client; give the ticket back when it leaves, also when it was not admitted. */
    Ticket enter() {
        int all = connections.incrementAndGet();
        int strangers = unauthenticated.incrementAndGet();
        return new Ticket(all <= maxConnections && strangers <= maxUnauthenticated);
    }

    /** One client's place. */
    final class Ticket {
        private final boolean admitted;
        private final AtomicBoolean proved = new AtomicBoolean();
        private final AtomicBoolean left = new AtomicBoolean();

        private Ticket(boolean admitted) {
            this.admitted = admitted;
        }

        boolean isAdmitted() {
            return admitted;
        }

        void authenticated() {
            if (proved.compareAndSet(false, true)) {
                unauthenticated.decrementAndGet();
            }
        }

        void leave() {
            if (left.compareAndSet(false, true)) {
                authenticated();
                connections.decrementAndGet();
            }
        }
    }
}
