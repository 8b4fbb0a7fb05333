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
import org.jspecify.annotations.Nullable;

/**
 * What {@link HandOver} wrote, read back.
 *
 * @param peer who the client of an HTTP connection is
 * @param number by which its connection can be cut
 */
record Origin(Peer peer, long number) {
    /** Of a new connection; to be asked once. */
    static Origin of(HttpConnection connection) {
        String tls = null;
        long number = 0;
        for (Map.Entry<Buffer, Buffer> tlv : connection.proxyProtocolV2HeaderTLVs()) {
            byte type = tlv.getKey().getByte(0);
            if (type == HAProxyTLV.Type.byteValueForType(HAProxyTLV.Type.PP2_TYPE_SSL)) {
                tls = version(tlv.getValue());
            } else if (type == HandOver.NUMBER) {
                number = tlv.getValue().getLong(0);
            }
        }
        return new Origin(new Peer(address(connection.remoteAddress()), tls), number);
    }

    /**
     * The TLS version in a {@code PP2_TYPE_SSL}: a byte of flags, four that tell of the client's
     * certificate, and the version's own TLV, with a byte for its type and two for its length.
     */
    private static @Nullable String version(Buffer ssl) {
        int at = Byte.BYTES + Integer.BYTES;
        int head = Byte.BYTES + Short.BYTES;
        if (ssl.length() < at + head || (ssl.getByte(0) & HandOver.CLIENT_SSL) == 0) {
            return null;
        }
        int length = ssl.getUnsignedShort(at + Byte.BYTES);
        return ssl.getString(at + head, at + head + length);
    }

    private static @Nullable InetSocketAddress address(@Nullable SocketAddress address) {
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
