package dev.sluice.benchmarks.commit;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * How many commits of {@value #FILES} timelines a second can be made durable, by the way in which
 * that many files are synced. One thread writes 8 KiB to each and then makes all durable, again and
 * again; or each file has a thread that does so for it alone, as in a safekeeper. Over zeros that
 * are there, as safekeepers write, and at the files' ends. In the directory that is its argument.
 */
public final class GroupSync {
    private static final int FILES = 16;
    private static final int PAGE = 8192;
    private static final int PAGES = 128;
    private static final int ROUNDS = 3;
    private static final int O_RDWR = 2;
    private static final int WAIT_BEFORE_WRITE_WAIT_AFTER = 1 | 2 | 4;

    /** A way to write all pages of all files, and to make each durable before the next. */
    private interface Way {
        void write(List<Log> logs) throws Throwable;
    }

    /** A way to make what was written to all files durable. */
    private interface Sync {
        void sync(List<Log> logs) throws Throwable;
    }

    /** A file, as Java knows it and as the kernel does. */
    private record Log(FileChannel file, int descriptor) {}

    private final MethodHandle open = function("open", ValueLayout.ADDRESS, ValueLayout.JAVA_INT);
    private final MethodHandle syncfs = function("syncfs", ValueLayout.JAVA_INT);
    private final MethodHandle syncFileRange =
            function(
                    "sync_file_range",
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_INT);
    private final MethodHandle close = function("close", ValueLayout.JAVA_INT);
    private final ExecutorService threads = Executors.newFixedThreadPool(FILES);
    private final Path directory;

    private GroupSync(Path directory) {
        this.directory = directory;
    }

    @SuppressWarnings("restricted")
    private static MethodHandle function(String name, MemoryLayout... arguments) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, arguments));
    }

    public static void main(String... arguments) throws Throwable {
        GroupSync run = new GroupSync(Path.of(arguments[0]));
        System.out.printf("%d files, commits/s%40s %10s%n", FILES, "over zeros", "appending");
        run.measure("one thread, fdatasync after fdatasync", inRounds(GroupSync::oneAfterTheOther));
        run.measure("one thread, sync_file_range, then fdatasync", inRounds(run::rangesFirst));
        run.measure("one thread, syncfs", inRounds(run::wholeFileSystem));
        run.measure("a thread for each, at the same time", run::atTheSameTime);
        run.threads.shutdown();
    }

    private static Way inRounds(Sync sync) {
        return logs -> {
            for (int page = 0; page < PAGES; page++) {
                for (Log log : logs) {
                    writePage(log, page);
                }
                sync.sync(logs);
            }
        };
    }

    private static void writePage(Log log, int number) throws IOException {
        ByteBuffer page = ByteBuffer.allocate(PAGE).putInt(0, number + 1);
        log.file.write(page, (long) number * PAGE);
    }

    private static void oneAfterTheOther(List<Log> logs) throws IOException {
        for (Log log : logs) {
            log.file.force(false);
        }
    }

    private void rangesFirst(List<Log> logs) throws Throwable {
        for (Log log : logs) {
            check(
                    (int)
                            syncFileRange.invokeExact(
                                    log.descriptor, 0L, 0L, WAIT_BEFORE_WRITE_WAIT_AFTER));
        }
        oneAfterTheOther(logs);
    }

    private void wholeFileSystem(List<Log> logs) throws Throwable {
        check((int) syncfs.invokeExact(logs.getFirst().descriptor));
    }

    private void atTheSameTime(List<Log> logs) throws Exception {
        List<Future<?>> all = new ArrayList<>();
        for (Log log : logs) {
            all.add(
                    threads.submit(() -> {
                        for (int page = 0; page < PAGES; page++) {
                            writePage(log, page);
                            log.file.force(false);
                        }
                        return null;
                    }));
        }
        for (Future<?> one : all) {
            one.get();
        }
    }

    private static void check(int result) throws IOException {
        if (result != 0) {
            throw new IOException("a system call failed");
        }
    }

    private void measure(String what, Way way) throws Throwable {
        List<Double> overZeros = new ArrayList<>();
        List<Double> appending = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
            overZeros.add(commitsPerSecond(way, true));
            appending.add(commitsPerSecond(way, false));
        }
        System.out.printf("%-46s %14.0f %10.0f%n", what, median(overZeros), median(appending));
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    private double commitsPerSecond(Way way, boolean zeroed) throws Throwable {
        List<Log> logs = new ArrayList<>();
        List<Path> paths = new ArrayList<>();
        for (int i = 0; i < FILES; i++) {
            paths.add(directory.resolve("group" + i));
            logs.add(make(paths.getLast(), zeroed));
        }
        long begun = System.nanoTime();
        way.write(logs);
        long nanos = System.nanoTime() - begun;
        for (int i = 0; i < FILES; i++) {
            logs.get(i).file.close();
            check((int) close.invokeExact(logs.get(i).descriptor));
            Files.delete(paths.get(i));
        }
        return (double) FILES * PAGES / (nanos / 1e9);
    }

    private Log make(Path path, boolean zeroed) throws Throwable {
        FileChannel file =
                FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        if (zeroed) {
            file.write(ByteBuffer.allocate(PAGES * PAGE), 0);
        }
        file.force(true);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(path.toString());
            int descriptor = (int) open.invokeExact(name, O_RDWR);
            if (descriptor < 0) {
                throw new IOException("cannot open " + path);
            }
            return new Log(file, descriptor);
        }
    }
}
