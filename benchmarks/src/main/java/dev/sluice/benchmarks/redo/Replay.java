package dev.sluice.benchmarks.redo;

import dev.sluice.storage.ingest.WalIngest;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.storage.postgres.v17.Postgres17;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Applies all WAL that follows a data directory's checkpoint to its pages, and says how long that
 * took: decoded, ingested and redone by the classes that the pageserver uses, each change at once.
 */
public final class Replay {
    /** 2 GB of pages. */
    private static final int BUFFERS = 1 << 18;

    private static final int SHOWN = 10;

    private Replay() {}

    /**
     * @param args a data directory, a folder of WAL segments, where the last record begins, how
     *     often to do it all; and a data directory to compare the pages with
     */
    public static void main(String[] args) throws IOException {
        Path data = Path.of(args[0]);
        Path wal = Path.of(args[1]);
        Lsn last = Lsn.parse(args[2]);
        int passes = Integer.parseInt(args[3]);
        for (int pass = 1; pass <= passes; pass++) {
            try (BaseDirectory base = new BaseDirectory(data)) {
                PagesInMemory pages = new PagesInMemory(base, Postgres17.INSTANCE.redo(), BUFFERS);
                System.gc();
                long begun = System.nanoTime();
                long records = replay(base, pages, wal, last);
                double seconds = (System.nanoTime() - begun) / 1e9;
                double megabytes = last.minus(base.control().checkPoint().redo()) / 1e6;
                System.out.printf(
                        Locale.ROOT,
                        "pass %d: %.1f MB, %d records, %d pages, %.3f s, %.1f MB/s%n",
                        pass,
                        megabytes,
                        records,
                        pages.pages(),
                        seconds,
                        megabytes / seconds);
                if (pass == passes && args.length > 4) {
                    compare(pages, Path.of(args[4]));
                }
            }
        }
    }

    private static long replay(BaseDirectory base, PagesInMemory pages, Path wal, Lsn last)
            throws IOException {
        Lsn start = base.control().checkPoint().redo();
        WalIngest ingest = Postgres17.INSTANCE.ingest("benchmark", pages, start);
        return WalFiles.forEach(
                wal,
                start,
                last,
                record -> {
                    pages.begin(record);
                    ingest.ingest(record, pages);
                });
    }

    private static void compare(PagesInMemory pages, Path recovered) throws IOException {
        PostgresMajor major = Postgres17.INSTANCE;
        int[] counts = new int[2];
        byte[] theirs = new byte[Page.SIZE];
        try (BaseDirectory other = new BaseDirectory(recovered)) {
            pages.visit((key, page) -> {
                if (key.kind() == Key.RELATION_BLOCK && other.readPage(key, theirs)) {
                    counts[0]++;
                    Fork fork = Fork.ofNumber(key.fork());
                    String difference = major.difference(page, theirs, fork, key.block());
                    if (difference != null && counts[1]++ < SHOWN) {
                        System.out.println(key + ": " + difference);
                    }
                }
            });
        }
        System.out.printf("%d pages compared, %d different%n", counts[0], counts[1]);
    }
}
