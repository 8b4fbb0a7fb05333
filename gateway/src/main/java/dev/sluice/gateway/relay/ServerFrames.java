package dev.sluice.gateway.relay;

import dev.sluice.wire.backend.TransactionStatus;
import dev.sluice.wire.frame.FrameScanner;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/** Watches what a server sends: when it is ready again, and whether it said goodbye. */
final class ServerFrames implements FrameScanner.Listener {
    /** {@code 'V'} and a severity that ends the session are within the first bytes. */
    private static final int SEVERITIES = 64;

    private final SessionActivity activity;
    private boolean saidGoodbye;

    ServerFrames(SessionActivity activity) {
        this.activity = activity;
    }

    /** Whether the last message was an error that ends the session. */
    boolean saidGoodbye() {
        return saidGoodbye;
    }

    @Override
    public void header(byte type, int bodyLength) {
        saidGoodbye = false;
    }

    @Override
    public void body(byte type, int offset, ByteBuf chunk, int index, int length) {
        if (type == 'Z') {
            activity.serverReady(TransactionStatus.of(chunk.getByte(index)));
        } else if (type == 'E' && offset == 0) {
            String start =
                    chunk.toString(
                            index, Math.min(length, SEVERITIES), StandardCharsets.ISO_8859_1);
            saidGoodbye = start.contains("VFATAL\0") || start.contains("VPANIC\0");
        }
    }
}
