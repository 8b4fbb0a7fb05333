package dev.sluice.storage.timeline;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sluice.storage.key.Key;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Sizes of forks at LSNs. Every page read asks for one, and a compute always asks at the LSN where
 * it started. What a timeline holds at an ingested LSN never changes, so nothing here grows old.
 */
final class BlockCountCache {
    private static final int ENTRIES_MAX = 10_000;
    private static final long ABSENT = -1;

    private record Name(Key key, Lsn at) {}

    interface Reader {
        @Nullable Integer read(Key key, Lsn at) throws IOException;
    }

    private final Cache<Name, Long> counts =
            Caffeine.newBuilder().maximumSize(ENTRIES_MAX).executor(Runnable::run).build();

    @Nullable Integer get(Key key, Lsn at, Reader reader) throws IOException {
        Name name = new Name(key, at);
        Long known = counts.getIfPresent(name);
        if (known == null) {
            Integer read = reader.read(key, at);
            known = read == null ? ABSENT : Integer.toUnsignedLong(read);
            counts.put(name, known);
        }
        return known == ABSENT ? null : Integer.valueOf(known.intValue());
    }
}
