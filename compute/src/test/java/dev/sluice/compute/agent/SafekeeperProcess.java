package dev.sluice.compute.agent;

import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.safekeeper.Safekeeper;
import dev.sluice.walservice.safekeeper.SafekeeperConfig;
import dev.sluice.wire.part.PartAddress;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A safekeeper in a process of its own, which can be killed like one. */
final class SafekeeperProcess implements AutoCloseable {
    private static final String READY = "ready";

    private final int number;
    private final Path directory;
    private final PartAddress.Unix address;
    private Process process;

    SafekeeperProcess(Path folder, int number) throws IOException {
        this.number = number;
        this.directory = folder.resolve("sk" + number);
        this.address = new PartAddress.Unix(folder.resolve("sk" + number + ".sock"));
        this.process = launch();
    }

    /** What runs in the process: serves until its input ends, as it does when the test is gone. */
    static final class Program {
        private Program() {}

        public static void main(String[] arguments) throws Exception {
            SafekeeperConfig config =
                    new SafekeeperConfig(
                            Long.parseLong(arguments[0]),
                            Path.of(arguments[1]),
                            new PartAddress.Unix(Path.of(arguments[2])));
            try (Safekeeper _ = Safekeeper.start(config)) {
                System.out.println(READY);
                while (System.in.read() >= 0) {
                    // nothing is said
                }
            }
        }
    }

    private Process launch() throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Program.class.getName(),
                        Integer.toString(number),
                        directory.toString(),
                        address.path().toString());
        builder.redirectError(ProcessBuilder.Redirect.INHERIT);
        Process started = builder.start();
        BufferedReader said = started.inputReader(StandardCharsets.UTF_8);
        for (String line; (line = said.readLine()) != null; ) {
            if (line.equals(READY)) {
                return started;
            }
        }
        throw new IOException("safekeeper " + number + " did not start");
    }

    PartAddress address() {
        return address;
    }

    SafekeeperClient client() {
        return new SafekeeperClient(address);
    }

    /** As {@code kill -9} does. */
    void kill() {
        process.destroyForcibly();
        process.onExit().join();
    }

    /** Starts again on what the last one left. */
    void restart() throws IOException {
        kill();
        process = launch();
    }

    @Override
    public void close() {
        kill();
    }
}
