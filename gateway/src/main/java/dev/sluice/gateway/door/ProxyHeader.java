package dev.sluice.gateway.door;

import dev.sluice.gateway.transport.Peer;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The PROXY protocol, version 2 (HAProxy's proxy-protocol.txt, §2.2): a header that a load balancer
 * puts before a connection's own bytes and that says where it came from.
 *
 * <p>From a peer that is listed it must come; from another it is not looked for, so that nobody can
 * claim an address.
 */
public final class ProxyHeader extends ChannelInboundHandlerAdapter {
    private static final Logger log = LoggerFactory.getLogger(ProxyHeader.class);

    private static final int MAX_TLV = 4096;

    private ProxyHeader() {}

    /** Puts the handlers for it first in the pipeline. */
    public static void expect(Channel channel) {
        channel.pipeline().addFirst("proxy", new ProxyHeader());
        channel.pipeline().addFirst("proxy-header", new HAProxyMessageDecoder(MAX_TLV));
        channel.pipeline().addFirst("proxy-check", new FirstByte());
    }

    /** The decoder would wait for more of what may be version 1, which is text. */
    private static final class FirstByte extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
            ByteBuf bytes = (ByteBuf) message;
            if (bytes.isReadable() && bytes.getByte(bytes.readerIndex()) != '\r') {
                bytes.release();
                refuse(ctx, "it does not begin with a PROXY header of version 2");
                return;
            }
            ctx.pipeline().remove(this);
            super.channelRead(ctx, message);
        }
    }

    /** Where a connection came from: what a listed proxy says, else the peer itself. */
    public static InetAddress client(Channel channel) {
        return Peer.of(channel).inetAddress();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        if (!(message instanceof HAProxyMessage header)) {
            super.channelRead(ctx, message);
            return;
        }
        try {
            // LOCAL: the proxy asks for itself, whether the gateway is well.
            if (header.command() == HAProxyCommand.PROXY) {
                HAProxyProxiedProtocol protocol = header.proxiedProtocol();
                if (protocol != HAProxyProxiedProtocol.TCP4
                        && protocol != HAProxyProxiedProtocol.TCP6) {
                    refuse(ctx, "its PROXY header is for " + protocol);
                    return;
                }
                InetAddress address = InetAddress.getByName(header.sourceAddress());
                new Peer(new InetSocketAddress(address, header.sourcePort()), null)
                        .mark(ctx.channel());
            }
            ctx.pipeline().remove(this);
        } catch (UnknownHostException e) {
            refuse(ctx, "its PROXY header holds no address");
        } finally {
            header.release();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        refuse(ctx, "its PROXY header is damaged: " + cause.getMessage());
    }

    private static void refuse(ChannelHandlerContext ctx, String why) {
        log.warn(
                "connection of the listed proxy {} closed: {}", ctx.channel().remoteAddress(), why);
        var _ = ctx.close();
    }
}
