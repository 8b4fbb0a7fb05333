package dev.sluice.gateway.pooling;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The server connections and clients of all pools of an endpoint, which live on several event
 * loops. A pool that may not open a connection is told when one of another pool is closed; pools
 * that have idle ones are asked to give one up.
 */
final class EndpointBudget {
    /** A pool as the budget sees it; called from any thread. */
    interface Member {
        PoolKey key();

        /** There may be room now. */
        void roomMayBe();

        /** Somebody else needs a connection: close one that is idle. */
        void giveUpIdle();
    }

    private final Supplier<PoolSettings> settings;
    private final Map<String, Integer> byDatabase = new HashMap<>();
    private final Map<String, Integer> byRole = new HashMap<>();
    private final Set<Member> members = new LinkedHashSet<>();
    private final Queue<Member> starved = new ArrayDeque<>();
    private int servers;
    private int clients;

    EndpointBudget(Supplier<PoolSettings> settings) {
        this.settings = settings;
    }

    synchronized void join(Member member) {
        members.add(member);
    }

    synchronized void leave(Member member) {
        members.remove(member);
        starved.remove(member);
    }

    synchronized boolean isEmpty() {
        return members.isEmpty();
    }

    /** Counts one more server connection, if the limits allow it. */
    boolean takeServer(Member member) {
        List<Member> others;
        synchronized (this) {
            PoolSettings limits = settings.get();
            PoolKey key = member.key();
            if (servers < limits.perEndpoint()
                    && byDatabase.getOrDefault(key.database(), 0) < limits.perDatabase()
                    && byRole.getOrDefault(key.role(), 0) < limits.perRole()) {
                servers++;
                byDatabase.merge(key.database(), 1, Integer::sum);
                byRole.merge(key.role(), 1, Integer::sum);
                return true;
            }
            if (!starved.contains(member)) {
                starved.add(member);
            }
            others = new ArrayList<>(members);
            others.remove(member);
        }
        others.forEach(Member::giveUpIdle);
        return false;
    }

    /** Counts one less. */
    void returnServer(Member member) {
        List<Member> waiting;
        synchronized (this) {
            servers--;
            PoolKey key = member.key();
            byDatabase.merge(key.database(), -1, Integer::sum);
            byRole.merge(key.role(), -1, Integer::sum);
            waiting = new ArrayList<>(starved);
            starved.clear();
        }
        waiting.forEach(Member::roomMayBe);
    }

    synchronized boolean takeClient() {
        if (clients >= settings.get().maxClientsPerEndpoint()) {
            return false;
        }
        clients++;
        return true;
    }

    synchronized void returnClient() {
        clients--;
    }
}
