package dev.sluice.controlplane.cli;

import dev.sluice.controlplane.server.DataFolder;
import dev.sluice.controlplane.server.ServerInfo;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code sluice down}. */
@Command(name = "down", description = "Stop the server: its computes cleanly, then itself.")
final class DownCommand implements Callable<Integer> {
    private static final Duration LIMIT = Duration.ofMinutes(3);

    @Mixin private final DataOption data = new DataOption();

    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException, ExecutionException {
        DataFolder folder = data.folder();
        PrintWriter out = spec.commandLine().getOut();
        Optional<ServerInfo> info = folder.info();
        if (info.isEmpty() || !folder.isLocked()) {
            out.println("no server is running on " + folder.root());
            return 0;
        }
        Optional<ProcessHandle> process = ProcessHandle.of(info.get().pid());
        if (process.isEmpty() || !process.get().destroy()) {
            throw new IOException(
                    "cannot stop process " + info.get().pid() + ", which serves " + folder.root());
        }
        out.println("stopping the server on " + folder.root());
        out.flush();
        try {
            process.get().onExit().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new IOException(
                    "process "
                            + info.get().pid()
                            + " still runs after "
                            + LIMIT.toSeconds()
                            + " s; see "
                            + folder.serverLog(),
                    e);
        }
        out.println("stopped");
        return 0;
    }
}
