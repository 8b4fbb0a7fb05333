package dev.sluice.gateway.parking;

import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.WireFormatException;
import io.netty.buffer.ByteBuf;
import java.util.Set;

/** Asks an idle session for its state. */
public final class ProbeExchange implements Exchange {
    private final SessionProbe probe = new SessionProbe();
    private final Set<String> customSettings;

    /**
     * @param customSettings as {@link SettingNames} found them
     */
    public ProbeExchange(Set<String> customSettings) {
        this.customSettings = customSettings;
    }

    @Override
    public void ask(ByteBuf out) {
        SessionProbe.ask(out, customSettings, true);
    }

    @Override
    public boolean answered(byte type, ByteBuf body) {
        switch (type) {
            case '1', '2', '3', 'C', 'N' -> {
                // each step done; warnings about our query are not the client's business
            }
            case 'D' -> probe.row(body);
            case 'E' -> probe.failed((ErrorResponse) BackendMessage.decode(type, body));
            case 'Z' -> {
                return true;
            }
            default -> throw unexpected(type);
        }
        return false;
    }

    static WireFormatException unexpected(byte type) {
        return new WireFormatException(
                "the compute sent a message of type "
                        + FrameHeader.typeName(type)
                        + " about a session's state");
    }

    /** What it said. */
    public SessionProbe.Finding finding() {
        return probe.finding();
    }
}
