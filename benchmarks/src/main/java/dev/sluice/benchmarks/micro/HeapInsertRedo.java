package dev.sluice.benchmarks.micro;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.postgres.v17.Postgres17;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does redo of a heap insert cost? A page is filled from nothing; the time is for one record.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@org.openjdk.jmh.annotations.Fork(1)
public class HeapInsertRedo {
    private static final int TUPLES = 50;

    private final PageRedo redo = Postgres17.INSTANCE.redo();
    private final Key key =
            Key.relationBlock(
                    new RelFileLocator(RelFileLocator.DEFAULT_TABLESPACE, 5, 16384), Fork.MAIN, 0);
    private final Lsn end = new Lsn(0x2000100L);
    private final byte[] page = new byte[8192];
    private final Value[] inserts = new Value[TUPLES];

    public HeapInsertRedo() {
        for (int i = 0; i < TUPLES; i++) {
            inserts[i] = new Value.Wal(HeapInsertRecord.of(i + 1, 100), i == 0);
        }
    }

    @Benchmark
    @OperationsPerInvocation(TUPLES)
    public byte[] fillPage() throws RedoException {
        for (Value insert : inserts) {
            redo.apply(key, page, insert, end);
        }
        return page;
    }
}
