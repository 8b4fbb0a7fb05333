package dev.sluice.benchmarks.redo;

import dev.sluice.walservice.wal.WalFormatException;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.wire.Lsn;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What does it cost to take a WAL record apart? Ingest does it once, redo for every read. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class WalRecordParse {
    private final byte[] record = HeapInsertRecord.of(0, 2, 100);
    private final Lsn start = new Lsn(0x2000000L);
    private final Lsn end = new Lsn(0x2000100L);

    @Benchmark
    public WalRecord heapInsert() throws WalFormatException {
        return WalRecord.parse(record, start, end);
    }
}
