package dev.sluice.gateway.parking;

import io.netty.buffer.ByteBuf;

/** Messages of ours to a server, and its answers to them. */
public interface Exchange {
    /** Writes what is asked. */
    void ask(ByteBuf out);

    /**
     * Takes the next message of the server. Notifications and changed settings do not come here:
     * they are not answers.
     *
     * @return whether it was the last one
     * @throws dev.sluice.wire.frame.WireFormatException if it makes no sense
     */
    boolean answered(byte type, ByteBuf body);
}
