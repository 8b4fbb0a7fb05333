package dev.sluice.controlplane.server;

import dev.sluice.wire.part.PartAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The TCP addresses of parts that are processes of one machine: on its loopback interface, but for
 * safekeepers that readers are to find.
 *
 * @param addresses where each is reached
 * @param bindings where those listen that do so at another address than they are reached at
 */
record PartPorts(Map<String, String> addresses, Map<String, String> bindings) {
    private static final String HERE = "127.0.0.1";

    /**
     * Below what Linux gives out to outgoing connections: one of those could be in the way when a
     * part is started again.
     */
    private static final int FIRST = 20_000;

    private static final int END = 32_768;
    private static final int LAST = 65_535;
    private static final int ATTEMPTS = 1000;

    /**
     * Finds free ports, for safekeepers those that are wanted.
     *
     * @param safekeepers their numbers
     */
    static PartPorts choose(ServerOptions options, List<Long> safekeepers) throws IOException {
        PartPorts ports = new PartPorts(new LinkedHashMap<>(), new LinkedHashMap<>());
        for (long number : safekeepers) {
            ports.safekeeper(number, options);
        }
        for (String name :
                List.of("pageserver", "pageserver-counters", "agent", "control-plane", "gateway")) {
            ports.put(name, HERE, ports.free(HERE));
        }
        return ports;
    }

    /** These, and one of a safekeeper that joins. */
    PartPorts with(long safekeeper, ServerOptions options) throws IOException {
        PartPorts more =
                new PartPorts(new LinkedHashMap<>(addresses), new LinkedHashMap<>(bindings));
        more.safekeeper(safekeeper, options);
        return more;
    }

    /** What keeps a safekeeper that readers are to find from listening; null if nothing does. */
    static @Nullable String obstacle(long safekeeper, ServerOptions options) {
        int first = options.safekeeperPort().orElse(0);
        long port = first + safekeeper - 1;
        return first == 0 || (port <= LAST && isFree(options.listen(), (int) port))
                ? null
                : "cannot listen at " + options.listen() + ":" + port;
    }

    private void safekeeper(long number, ServerOptions options) throws IOException {
        String name = SocketPlaces.safekeeperName(number);
        if (options.safekeeperPort().isEmpty()) {
            put(name, HERE, free(HERE));
            return;
        }
        String listen = options.listen();
        int first = options.safekeeperPort().getAsInt();
        String obstacle = obstacle(number, options);
        if (obstacle != null) {
            throw new IOException(obstacle + " (choose another with --safekeeper-port)");
        }
        int port = first == 0 ? free(listen) : first + (int) number - 1;
        if (InetAddress.getByName(listen).isAnyLocalAddress()) {
            put(name, HERE, port);
            bindings.put(name, new PartAddress.Tcp(listen, port).toString());
        } else {
            put(name, listen, port);
        }
    }

    private void put(String name, String host, int port) {
        addresses.put(name, new PartAddress.Tcp(host, port).toString());
    }

    private int free(String host) throws IOException {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            int port = ThreadLocalRandom.current().nextInt(FIRST, END);
            if (!addresses.containsValue(new PartAddress.Tcp(host, port).toString())
                    && isFree(host, port)) {
                return port;
            }
        }
        throw new IOException("no free port from " + FIRST + " to " + (END - 1) + " at " + host);
    }

    private static boolean isFree(String host, int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(host, port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
