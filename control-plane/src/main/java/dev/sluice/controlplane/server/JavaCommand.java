package dev.sluice.controlplane.server;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command line that runs this program again, as a server. */
public final class JavaCommand {
    /** Names a JVM cache of what a server loads (JEP 514); it is used if the file is there. */
    private static final String CACHE = "sluice.server.cache";

    /**
     * Memory that was needed once goes back to the system: what is free after a collection of
     * everything, beyond a third of what is used; such a collection takes place a minute after the
     * last of any kind, and the C library's free memory goes once a minute.
     */
    private static final List<String> GIVING_BACK =
            List.of(
                    "-XX:MinHeapFreeRatio=15",
                    "-XX:MaxHeapFreeRatio=25",
                    "-XX:G1PeriodicGCInterval=60000",
                    "-XX:TrimNativeHeapInterval=60000");

    private JavaCommand() {}

    public static List<String> server(List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-XX:+UseG1GC");
        command.add("-XX:+UseCompactObjectHeaders");
        command.addAll(GIVING_BACK);
        command.add("-XX:+ExitOnOutOfMemoryError");
        command.add("-XX:-UsePerfData");
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("--sun-misc-unsafe-memory-access=allow");
        // Netty would note where every 128th buffer was made; leaks are for the tests to find.
        command.add("-Dio.netty.leakDetection.level=disabled");
        command.addAll(schedulers(arguments.getFirst()));
        String cache = System.getProperty(CACHE);
        if (cache != null) {
            command.add("-D" + CACHE + "=" + cache);
            if (Files.exists(Path.of(cache))) {
                command.add("-XX:AOTCache=" + cache);
                // A cache that does not fit, say another collector's, is passed over: not a word.
                command.add("-Xlog:disable");
            }
        }
        String more = System.getenv("SLUICE_JAVA_OPTS");
        if (more != null && !more.isBlank()) {
            command.addAll(List.of(more.strip().split("\\s+")));
        }
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add("dev.sluice.controlplane.cli.Main");
        command.addAll(arguments);
        return command;
    }

    /**
     * Commits go through platform threads in a safekeeper; what else it does are little pieces of
     * work that the threads of a scheduler wake each other for. As every part has a scheduler and
     * all share the machine, a safekeeper's has a quarter of it.
     */
    private static List<String> schedulers(String part) {
        return part.equals("safekeeper")
                ? List.of(
                        "-Djdk.virtualThreadScheduler.parallelism="
                                + Math.max(1, Runtime.getRuntime().availableProcessors() / 4))
                : List.of();
    }
}
