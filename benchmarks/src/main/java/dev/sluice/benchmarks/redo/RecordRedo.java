package dev.sluice.benchmarks.redo;

import dev.sluice.benchmarks.redo.RecordSamples.Sample;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.postgres.v17.Postgres17;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.storage.redo.RedoException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does redo of one record on one page cost, by its type? The types are the ten most common in
 * the WAL of {@code benchmarks/redo}, then four more. Each operation first restores the page as it
 * was before, so {@link #copy} is to be subtracted from the others.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class RecordRedo {
    @Param({
        "Btree INSERT_LEAF",
        "Heap INSERT",
        "Heap HOT_UPDATE",
        "Heap LOCK",
        "Btree INSERT_POST",
        "Heap UPDATE",
        "Heap2 PRUNE_ON_ACCESS",
        RecordSamples.COMMIT,
        "Heap DELETE",
        "Btree DEDUP",
        "Btree VACUUM",
        "Heap2 VISIBLE",
        "Btree SPLIT_R",
        "XLOG FPI",
    })
    public String type = "";

    private final PageRedo redo = Postgres17.INSTANCE.redo();
    private final byte[] page = new byte[Page.SIZE];
    private Sample[] samples = {};

    @Setup
    public void record() throws Exception {
        samples = RecordSamples.of(type).toArray(Sample[]::new);
    }

    /** The page as it was, and nothing more. */
    @Benchmark
    @OperationsPerInvocation(RecordSamples.OF_EACH)
    public byte[] copy() {
        for (Sample sample : samples) {
            System.arraycopy(sample.before(), 0, page, 0, Page.SIZE);
        }
        return page;
    }

    /** Of a record that is taken apart: as when WAL is applied as it comes. */
    @Benchmark
    @OperationsPerInvocation(RecordSamples.OF_EACH)
    public byte[] apply() throws RedoException {
        for (Sample sample : samples) {
            System.arraycopy(sample.before(), 0, page, 0, Page.SIZE);
            if (sample.record() == null) {
                redo.apply(sample.key(), page, sample.value(), sample.end());
            } else {
                redo.apply(sample.key(), page, sample.record());
            }
        }
        return page;
    }

    /** Of a record's bytes: as when a page is made from layers. */
    @Benchmark
    @OperationsPerInvocation(RecordSamples.OF_EACH)
    public byte[] parseAndApply() throws RedoException {
        for (Sample sample : samples) {
            System.arraycopy(sample.before(), 0, page, 0, Page.SIZE);
            redo.apply(sample.key(), page, sample.value(), sample.end());
        }
        return page;
    }
}
