package dev.sluice.gateway.relay;

import dev.sluice.gateway.cancel.GatewayNumber;
import dev.sluice.gateway.pooling.Cancelling;
import dev.sluice.gateway.routing.ComputeAddress;
import dev.sluice.wire.backend.BackendKeyData;
import dev.sluice.wire.startup.CancelKey;
import dev.sluice.wire.startup.CancelRequest;
import dev.sluice.wire.startup.ProtocolVersion;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Which server connection a client's cancel key stands for. Clients get keys of our own making: the
 * server's are unique in one compute only, and are none of the client's business. Their process ids
 * tell which gateway they are of ({@link GatewayNumber}).
 */
public final class CancelKeys {
    private static final int LONG_KEY_BYTES = 32;

    /** Where a cancel request goes, and what it says there. */
    public record Target(ComputeAddress address, CancelRequest request) {
        public static Target of(ComputeAddress address, BackendKeyData server) {
            return new Target(address, new CancelRequest(server.processId(), server.key()));
        }
    }

    /** A session whose client may want what it runs cancelled. */
    public interface Cancellable {
        /**
         * @param then told on the session's event loop where the request must go; null if nowhere:
         *     nothing runs, or what would have run was cancelled before any server had it
         */
        void cancel(Consumer<@Nullable Target> then);
    }

    private record Entry(
            CancelKey key, @Nullable Cancellable session, @Nullable Cancelling pooled) {}

    private final ConcurrentMap<Integer, Entry> entries = new ConcurrentHashMap<>();
    private final SecureRandom random;
    private final IntSupplier number;

    /**
     * @param number this gateway's, as of now
     */
    public CancelKeys(SecureRandom random, IntSupplier number) {
        this.random = random;
        this.number = number;
    }

    /**
     * Makes a key for a client that speaks {@code version}, to stand for the server connection that
     * its session has then.
     *
     * @return the key; {@link #forget} it by its process id
     */
    public BackendKeyData issue(ProtocolVersion version) {
        return issue(version, null);
    }

    /** Makes a key for a pooled client, to stand for whatever server connection it has then. */
    public BackendKeyData issue(ProtocolVersion version, @Nullable Cancelling pooled) {
        boolean shortKey = version.compareTo(ProtocolVersion.V3_2) < 0;
        CancelKey key = CancelKey.random(random, shortKey ? CancelKey.BYTES_3_0 : LONG_KEY_BYTES);
        while (true) {
            int processId =
                    GatewayNumber.processId(
                            number.getAsInt(), random.nextInt(1, GatewayNumber.SESSIONS));
            if (entries.putIfAbsent(processId, new Entry(key, null, pooled)) == null) {
                return new BackendKeyData(processId, key);
            }
        }
    }

    /** The session of a key exists now. */
    void route(int processId, Cancellable session) {
        entries.computeIfPresent(
                processId, (_, entry) -> new Entry(entry.key, session, entry.pooled));
    }

    public void forget(int processId) {
        entries.remove(processId);
    }

    /** The pooled client whose right key the request has. */
    public Optional<Cancelling> findPooled(CancelRequest request) {
        return Optional.ofNullable(entries.get(request.processId()))
                .filter(entry -> entry.key.equals(request.key()))
                .map(Entry::pooled);
    }

    /** The session of ours whose right key the request has. */
    public Optional<Cancellable> findSession(CancelRequest request) {
        return Optional.ofNullable(entries.get(request.processId()))
                .filter(entry -> entry.key.equals(request.key()))
                .map(Entry::session);
    }
}
