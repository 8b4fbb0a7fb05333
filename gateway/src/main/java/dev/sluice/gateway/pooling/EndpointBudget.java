package dev.sluice.gateway.pooling;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The server connections and clients of all pools of an endpoint, which live on several event
 * loops. A pool that may not open a connection is starved until it may, or wants none any more;
 * others are asked to give one up. What becomes free is for the pool whose client has waited
 * longest, and is kept for it until it has answered: otherwise the pool that gave it up would have
 * it back before the other's event loop has heard of it.
 */
final class EndpointBudget {
    /** A starved pool does not ask the others with each of its clients that come to wait. */
    private static final long ASK_AGAIN = 50_000_000L;

    /** A pool as the budget sees it; called from any thread. */
    interface Member {
        PoolKey key();

        /** There may be room now: take it, or say that none is wanted. */
        void roomMayBe();

        /** Somebody else needs a connection: ask whether it is needed still, and close one. */
        void giveUp();
    }

    /** What a starved pool waits for. */
    private static final class Wish {
        /** Since when its client waits. */
        private long since;

        private long askedAt;

        Wish(long now) {
            askedAt = now - ASK_AGAIN;
        }
    }

    private final Supplier<PoolSettings> settings;
    private final Map<String, Integer> byDatabase = new HashMap<>();
    private final Map<String, Integer> byRole = new HashMap<>();
    private final Set<Member> members = new LinkedHashSet<>();
    private final Map<Member, Wish> starved = new LinkedHashMap<>();
    private int servers;
    private int clients;

    EndpointBudget(Supplier<PoolSettings> settings) {
        this.settings = settings;
    }

    synchronized void join(Member member) {
        members.add(member);
    }

    void leave(Member member) {
        synchronized (this) {
            members.remove(member);
        }
        wantsNone(member);
    }

    synchronized boolean isEmpty() {
        return members.isEmpty();
    }

    /**
     * Counts one more server connection, if the limits allow it and nobody has waited longer for
     * it.
     *
     * @param since when the client asked whom it is for
     */
    boolean takeServer(Member member, long since, long now) {
        boolean taken;
        Member next;
        List<Member> others = List.of();
        synchronized (this) {
            boolean room = hasRoom(member.key());
            Member longest = room ? longestWithRoom() : null;
            Wish before = longest == null ? null : starved.get(longest);
            taken = room && (before == null || before.since - since >= 0 || member.equals(longest));
            if (taken) {
                count(member.key(), 1);
                starved.remove(member);
                next = longestWithRoom();
            } else {
                next = longest;
                Wish wish = starved.computeIfAbsent(member, _ -> new Wish(now));
                wish.since = since;
                if (!room && now - wish.askedAt >= ASK_AGAIN) {
                    wish.askedAt = now;
                    others = new ArrayList<>(members);
                    others.remove(member);
                }
            }
        }
        tell(next);
        others.forEach(Member::giveUp);
        return taken;
    }

    /** Counts one less. */
    void returnServer(Member member) {
        Member next;
        synchronized (this) {
            count(member.key(), -1);
            next = longestWithRoom();
        }
        tell(next);
    }

    /** What it could not take before it does not want any more. */
    void wantsNone(Member member) {
        Member next;
        synchronized (this) {
            starved.remove(member);
            next = longestWithRoom();
        }
        tell(next);
    }

    /**
     * Whether a connection that this pool closes is one that another could open for a client that
     * has waited longer.
     *
     * @param wait of the first in line in this pool; 0 if nobody is
     */
    synchronized boolean isNeeded(Member by, long wait, long now) {
        return starved.entrySet().stream()
                .anyMatch(each ->
                        !each.getKey().equals(by)
                                && now - each.getValue().since > wait
                                && isInTheWayOf(each.getKey().key(), by.key()));
    }

    private static void tell(@Nullable Member next) {
        if (next != null) {
            next.roomMayBe();
        }
    }

    /** Of those for whom there is room, the one that waits longest. */
    private @Nullable Member longestWithRoom() {
        Member longest = null;
        long since = 0;
        for (Map.Entry<Member, Wish> each : starved.entrySet()) {
            long its = each.getValue().since;
            if ((longest == null || its - since < 0) && hasRoom(each.getKey().key())) {
                longest = each.getKey();
                since = its;
            }
        }
        return longest;
    }

    private boolean hasRoom(PoolKey key) {
        return !isInTheWayOf(key, key);
    }

    /** Whether a limit is used up that two pools have in common. */
    private boolean isInTheWayOf(PoolKey key, PoolKey other) {
        PoolSettings limits = settings.get();
        return servers >= limits.perEndpoint()
                || (key.database().equals(other.database())
                        && byDatabase.getOrDefault(key.database(), 0) >= limits.perDatabase())
                || (key.role().equals(other.role())
                        && byRole.getOrDefault(key.role(), 0) >= limits.perRole());
    }

    private void count(PoolKey key, int change) {
        servers += change;
        byDatabase.merge(key.database(), change, Integer::sum);
        byRole.merge(key.role(), change, Integer::sum);
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
