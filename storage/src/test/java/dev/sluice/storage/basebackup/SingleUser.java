package dev.sluice.storage.basebackup;

import dev.sluice.walservice.wal.ThrowawayPostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Postgres without a postmaster: starts (after recovery, if that is due), executes statements and
 * stops with a shutdown checkpoint, in a few hundred milliseconds.
 */
final class SingleUser {
    private static final String NOBODY = "65534";

    private SingleUser() {}

    /**
     * Executes statements in one database, each on one line.
     *
     * @param postgres whose binaries to use
     * @return what Postgres logged and printed
     * @throws IOException if it fails, with what it logged
     */
    static String run(ThrowawayPostgres postgres, Path data, String database, String... statements)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        giveAway(data);
        if (isRoot()) {
            command.addAll(
                    List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups"));
        }
        command.add(postgres.data().resolveSibling("bin").resolve("postgres").toString());
        command.addAll(List.of("--single", "-D", data.toString(), database));
        Path log = data.resolveSibling(data.getFileName() + ".log");
        Process process =
                new ProcessBuilder(command)
                        .directory(data.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        try (var in = process.getOutputStream()) {
            for (String statement : statements) {
                in.write((statement + "\n").getBytes(StandardCharsets.UTF_8));
            }
        }
        int exit = process.waitFor();
        String said = Files.readString(log);
        if (exit != 0 || said.contains("ERROR:") || said.contains("FATAL:")) {
            throw new IOException("postgres --single ended with " + exit + ":\n" + said);
        }
        return said;
    }

    /** Gives a directory to the user that Postgres runs as: it does not run as root. */
    static void giveAway(Path directory) throws IOException, InterruptedException {
        if (isRoot()) {
            run("chown", "-R", NOBODY + ":" + NOBODY, directory.toString());
        }
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    static void run(String... command) throws IOException, InterruptedException {
        if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
            throw new IOException(String.join(" ", command) + " failed");
        }
    }
}
