package dev.sluice.gateway.pooling;

import dev.sluice.gateway.compute.ServerLogin;
import dev.sluice.wire.backend.Diagnostic;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import java.net.InetSocketAddress;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An authenticated client that wants to use a pool. Called on the pool's event loop. */
public interface Entrant {
    /** The client's connection, which moves to the pool's event loop. */
    Channel channel();

    /** Whom server connections are opened as, and with what. */
    ServerLogin login();

    String database();

    String role();

    Who who();

    /**
     * What is shown of a client.
     *
     * @param address null where it is not known
     * @param tls the protocol's version, or empty
     */
    record Who(@Nullable InetSocketAddress address, String tls, String applicationName) {}

    /** It cannot be let in. */
    void refused(Diagnostic why);

    /**
     * It is in.
     *
     * @param reported what servers report about its settings
     * @param input the handler that reads what it sends from now on
     * @param cancelling what a cancel request does
     */
    void welcome(Map<String, String> reported, ChannelHandler input, Cancelling cancelling);
}
