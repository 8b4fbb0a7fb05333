package dev.sluice.compute.process;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** Signals that Java's own {@link ProcessHandle} cannot send; Postgres gives each a meaning. */
public enum Signal {
    /** To a postmaster: fast shutdown. Sessions end, then the shutdown checkpoint is written. */
    INT(2),
    /** To a postmaster: immediate shutdown, without a checkpoint. */
    QUIT(3),
    /** Cannot be caught. */
    KILL(9);

    private static final MethodHandle KILL_CALL = killCall();

    private final int number;

    Signal(int number) {
        this.number = number;
    }

    // Restricted because a wrong descriptor crashes the JVM: kill(2) is int (pid_t, int) on Linux.
    @SuppressWarnings("restricted")
    private static MethodHandle killCall() {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow("kill"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    }

    /**
     * Sends this signal to a process of ours.
     *
     * @return whether there was one to send it to
     */
    public boolean send(long pid) throws IOException {
        if (pid <= 1 || pid > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("not a process to signal: " + pid);
        }
        try {
            return (int) KILL_CALL.invokeExact((int) pid, number) == 0;
        } catch (Throwable e) {
            throw new IOException("cannot send " + this + " to process " + pid, e);
        }
    }
}
