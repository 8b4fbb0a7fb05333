package dev.sluice.controlplane.cli;

import com.sun.net.httpserver.HttpServer;
import dev.sluice.controlplane.server.DataFolder;
import dev.sluice.controlplane.server.ServerInfo;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * Runs what commands have in common once, against a pretended server, so that the JVM can record it
 * in the cache that makes later commands start fast (JEP 483, 514).
 */
@Command(name = "warm-up", hidden = true)
final class WarmUpCommand implements Callable<Integer> {
    private static final String ANSWER =
            "{\"projects\":[{\"id\":\"p\"}],\"branches\":[{\"id\":\"b\",\"name\":\"main\",\"default\":true}],"
                    + "\"endpoints\":[],\"roles\":[],\"databases\":[],\"operations\":[],\"uri\":\"postgresql://\","
                    + "\"parts\":[{\"part\":\"gateway\"}],\"server\":{\"pid\":1}}";

    private static final List<String[]> COMMANDS =
            List.of(
                    new String[] {"status"},
                    new String[] {"branches", "list"},
                    new String[] {"branches", "list", "--output", "json"},
                    new String[] {"branches", "create", "--name", "x"},
                    new String[] {"endpoints", "list"},
                    new String[] {"connection-string"},
                    new String[] {"--help"},
                    new String[] {"branches", "--help"},
                    new String[] {"no-such-command"});

    @Override
    public Integer call() throws IOException {
        Path directory = Files.createTempDirectory("sluice-warm-up");
        HttpServer server =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        try {
            DataFolder folder = DataFolder.at(directory.resolve("data"));
            folder.create();
            server.createContext(
                    "/",
                    exchange -> {
                        byte[] answer = ANSWER.getBytes(StandardCharsets.UTF_8);
                        exchange.sendResponseHeaders(200, answer.length);
                        try (OutputStream body = exchange.getResponseBody()) {
                            body.write(answer);
                        }
                    });
            server.start();
            String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/api/v2";
            folder.writeInfo(new ServerInfo(1, "127.0.0.1", 1, "localhost", url, "ca.crt"));
            try (FileLock _ = folder.lock()) {
                COMMANDS.forEach(command -> runQuietly(command, folder));
            }
            return 0;
        } finally {
            server.stop(0);
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static void runQuietly(String[] command, DataFolder folder) {
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(new StringWriter()));
        line.setErr(new PrintWriter(new StringWriter()));
        boolean client =
                !command[command.length - 1].startsWith("--h") && !command[0].startsWith("no-");
        String[] arguments =
                client
                        ? Stream.concat(
                                        Stream.of(command),
                                        Stream.of("--data", folder.root().toString()))
                                .toArray(String[]::new)
                        : command;
        line.execute(arguments);
    }
}
