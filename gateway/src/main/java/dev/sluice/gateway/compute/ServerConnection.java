package dev.sluice.gateway.compute;

import dev.sluice.gateway.routing.ComputeAddress;
import dev.sluice.wire.backend.BackendKeyData;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/**
 * A server connection that is ready for its first query.
 *
 * @param key what cancels its queries, if the server said
 */
public record ServerConnection(
        Channel channel, ComputeAddress address, @Nullable BackendKeyData key) {}
