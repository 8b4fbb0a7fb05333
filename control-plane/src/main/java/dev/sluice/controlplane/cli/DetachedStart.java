package dev.sluice.controlplane.cli;

import dev.sluice.controlplane.server.DataFolder;
import dev.sluice.controlplane.server.JavaCommand;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code sluice up -d}: starts the server as a process that outlives this one, and waits until it
 * is ready.
 */
final class DetachedStart {
    private final DataFolder folder;

    DetachedStart(DataFolder folder) {
        this.folder = folder;
    }

    /**
     * Relays what the server reports.
     *
     * @return the exit code
     */
    int run(List<String> arguments, PrintWriter out, PrintWriter err)
            throws IOException, InterruptedException {
        if (folder.isLocked()) {
            // Says who has it.
            folder.lock().close();
        }
        List<String> command = new ArrayList<>();
        // A session of its own: neither Ctrl-C nor the terminal's end reaches it.
        command.add("setsid");
        command.addAll(JavaCommand.server(arguments));
        File errors = folder.logs().resolve("sluice.err").toFile();
        Process server =
                new ProcessBuilder(command)
                        .redirectInput(new File("/dev/null"))
                        .redirectError(ProcessBuilder.Redirect.to(errors))
                        .start();
        try (BufferedReader lines = server.inputReader(StandardCharsets.UTF_8)) {
            for (String line; (line = lines.readLine()) != null; ) {
                if (line.startsWith(StartReport.STEP)) {
                    err.println("sluice: " + line.substring(StartReport.STEP.length()));
                    err.flush();
                } else if (line.startsWith(StartReport.READY)) {
                    out.println(line.substring(StartReport.READY.length()));
                    out.flush();
                    return 0;
                } else if (line.startsWith(StartReport.FAILED)) {
                    throw new IOException(line.substring(StartReport.FAILED.length()));
                }
            }
        }
        throw new IOException(
                "the server ended with exit code "
                        + server.waitFor()
                        + " before it was ready; see "
                        + errors);
    }
}
