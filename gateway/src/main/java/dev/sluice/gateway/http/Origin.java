package dev.sluice.gateway.http;

import dev.sluice.gateway.transport.HandOver;
import dev.sluice.gateway.transport.Peer;
import io.netty.handler.codec.haproxy.HAProxyTLV;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.SocketAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Map;

/** Reads back what {@link HandOver} wrote: who the client of an HTTP connection is. */
final class Origin {
    private Origin() {}

    /** Of a new connection; to be asked once. */
    static Peer of(HttpConnection connection) {
        boolean encrypted = false;
        for (Map.Entry<Buffer, Buffer> tlv : connection.proxyProtocolV2HeaderTLVs()) {
            encrypted |=
                    HAProxyTLV.Type.typeForByteValue(tlv.getKey().getByte(0))
                                    == HAProxyTLV.Type.PP2_TYPE_SSL
                            && tlv.getValue().length() > 0
                            && (tlv.getValue().getByte(0) & HandOver.CLIENT_SSL) != 0;
        }
        return new Peer(address(connection.remoteAddress()), encrypted);
    }

    private static @org.jspecify.annotations.Nullable InetSocketAddress address(
            @org.jspecify.annotations.Nullable SocketAddress address) {
        if (address == null || !address.isInetSocket()) {
            return null;
        }
        try {
            // A number, as the header has it: nobody is asked for its name.
            return new InetSocketAddress(
                    InetAddress.getByName(address.hostAddress()), address.port());
        } catch (UnknownHostException e) {
            return null;
        }
    }
}
