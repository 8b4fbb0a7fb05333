package dev.sluice.controlplane.server;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.gateway.cancel.CancelPeers;
import dev.sluice.gateway.cancel.FleetSecret;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** {@code [cancel]} of {@link GatewayFile}: the other gateways behind the same name. */
record CancelSection(
        @JsonProperty(value = "number", required = true) int number,
        @JsonProperty(value = "secret_file", required = true) String secretFile,
        @JsonProperty(value = "peers", required = true) Map<Integer, String> peers) {

    CancelPeers read(Path folder) throws IOException {
        Map<Integer, InetSocketAddress> others = new TreeMap<>();
        for (Map.Entry<Integer, String> peer : peers.entrySet()) {
            others.put(peer.getKey(), address(peer.getValue()));
        }
        return new CancelPeers(
                number,
                FleetSecret.of(SecretFile.read(folder.resolve(secretFile)).strip()),
                others);
    }

    private static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        try {
            String host = text.substring(0, Math.max(0, colon));
            InetSocketAddress address =
                    new InetSocketAddress(
                            host.replaceAll("^\\[|\\]$", ""),
                            Integer.parseInt(text.substring(colon + 1)));
            if (!host.isEmpty() && !address.isUnresolved()) {
                return address;
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(notAnAddress(text), e);
        }
        throw new IllegalArgumentException(notAnAddress(text));
    }

    private static String notAnAddress(String text) {
        return "\"" + text + "\" is not the address of a gateway (host:port)";
    }
}
