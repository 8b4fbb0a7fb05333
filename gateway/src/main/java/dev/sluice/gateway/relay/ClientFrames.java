package dev.sluice.gateway.relay;

import dev.sluice.gateway.parking.SettingNames;
import dev.sluice.wire.frame.FrameScanner;
import io.netty.buffer.ByteBuf;

/**
 * Watches what a client sends: the types of all messages, and in the texts of statements the names
 * of custom settings, which nothing else tells.
 */
final class ClientFrames implements FrameScanner.Listener {
    private final SessionActivity activity;
    private final SettingNames settingNames;

    ClientFrames(SessionActivity activity, SettingNames settingNames) {
        this.activity = activity;
        this.settingNames = settingNames;
    }

    @Override
    public void header(byte type, int bodyLength) {
        activity.clientSent(type, bodyLength);
        if (type == 'Q' || type == 'P') {
            settingNames.begin();
        }
    }

    @Override
    public void body(byte type, int offset, ByteBuf chunk, int index, int length) {
        if (type == 'Q' || type == 'P') {
            settingNames.more(chunk, index, length);
        }
    }
}
