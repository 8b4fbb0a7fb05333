package dev.sluice.compute.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * Postgres processes that a killed server left behind. They hold the sockets and directories of
 * computes that are about to be started anew, and can make nothing durable any more.
 *
 * <p>A process is one of ours if its program is called {@code postgres} and either its working
 * directory, which Postgres sets to the data directory, or its {@value #DATA_VARIABLE} lies under
 * our directory of computes. (A backend's environment cannot be read: Postgres writes its title
 * over it.) A Postgres of the distribution has neither; a shell in that directory is no Postgres.
 */
public final class Orphans {
    /** The environment variable that tells the shim where the data directory is. */
    public static final String DATA_VARIABLE = "SLUICE_SHIM_DATA";

    private static final Path PROC = Path.of("/proc");
    private static final String PROGRAM = "postgres";

    private Orphans() {}

    /** The processes that run in a directory under {@code computes}. */
    public static List<ProcessHandle> find(Path computes) throws IOException {
        Path real = computes.toRealPath();
        List<ProcessHandle> found = new ArrayList<>();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (Path process : processes) {
                long pid = Long.parseLong(process.getFileName().toString());
                // The handle first: it knows the process's start time, so that a number used again
                // by another process is not mistaken for it.
                ProcessHandle.of(pid)
                        .filter(_ -> isPostgresUnder(process, real))
                        .ifPresent(found::add);
            }
        }
        return found;
    }

    /**
     * Kills them and waits until they are gone.
     *
     * @return how many there were
     * @throws IOException if some are still there after {@code limit}; names their ids
     */
    public static int stop(Path computes, Duration limit) throws IOException {
        long deadline = System.nanoTime() + limit.toNanos();
        long pause = 1_000_000;
        Set<ProcessHandle> all = new HashSet<>(find(computes));
        List<ProcessHandle> left = List.copyOf(all);
        while (!left.isEmpty()) {
            left.forEach(ProcessHandle::destroyForcibly);
            if (System.nanoTime() > deadline) {
                throw new IOException(
                        "processes of an earlier server do not end: "
                                + left.stream().map(ProcessHandle::pid).toList());
            }
            LockSupport.parkNanos(pause);
            pause = Math.min(2 * pause, 50_000_000);
            all.addAll(find(computes));
            left = all.stream().filter(process -> !hasEnded(process)).toList();
        }
        return all.size();
    }

    /**
     * Whether it holds no file or socket any more: it is gone, or only its exit status is left (a
     * zombie, which is for its parent to collect). That {@link #find} no longer names it comes too
     * early for that: a process that exits gives up its program before its files.
     */
    private static boolean hasEnded(ProcessHandle process) {
        if (!process.isAlive()) {
            return true;
        }
        try {
            String stat =
                    Files.readString(
                            PROC.resolve(Long.toString(process.pid())).resolve("stat"),
                            StandardCharsets.ISO_8859_1);
            // proc_pid_stat(5): the state follows the name, which may itself hold ")".
            char state = stat.charAt(stat.lastIndexOf(')') + 2);
            return state == 'Z' || state == 'X';
        } catch (IOException e) {
            return true;
        }
    }

    private static boolean isPostgresUnder(Path process, Path computes) {
        try {
            Path program = Files.readSymbolicLink(process.resolve("exe")).getFileName();
            // The kernel adds " (deleted)" to the name of what is no longer there.
            if (program == null || !program.toString().split(" ", 2)[0].equals(PROGRAM)) {
                return false;
            }
            return Files.readSymbolicLink(process.resolve("cwd")).startsWith(computes)
                    || environmentNames(process, computes);
        } catch (IOException e) {
            // Gone meanwhile, a zombie, or somebody else's: none of our concern.
            return false;
        }
    }

    private static boolean environmentNames(Path process, Path computes) throws IOException {
        String environment =
                Files.readString(process.resolve("environ"), StandardCharsets.ISO_8859_1);
        String prefix = DATA_VARIABLE + "=";
        for (String variable : environment.split("\0", -1)) {
            if (variable.startsWith(prefix)
                    && Path.of(variable.substring(prefix.length())).startsWith(computes)) {
                return true;
            }
        }
        return false;
    }
}
