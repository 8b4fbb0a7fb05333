package dev.sluice.wire.backend;

import dev.sluice.wire.frame.MessageFields;
import dev.sluice.wire.frame.WireFormatException;
import dev.sluice.wire.startup.ProtocolVersion;
import dev.sluice.wire.startup.StartupMessage;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * The server speaks less than the client asked for: {@code 'v', length, Int32 version, Int32 count,
 * String[] unrecognised options}.
 *
 * @param version the newest that the server speaks; Postgres sends the major version's bits too,
 *     although the manual speaks of the minor number
 * @param unrecognisedOptions the {@code _pq_.} parameters that it does not know
 */
public record NegotiateProtocolVersion(ProtocolVersion version, List<String> unrecognisedOptions)
        implements BackendMessage {
    /**
     * What a server must say before anything else when it cannot do all that was asked: when the
     * minor version is newer than its own, or when there is a protocol option. As {@code
     * ProcessStartupPacket} in Postgres 18.
     *
     * @param newest that the server speaks
     */
    public static Optional<NegotiateProtocolVersion> answering(
            StartupMessage startup, ProtocolVersion newest) {
        List<String> options = startup.protocolOptions();
        return startup.version().minor() > newest.minor() || !options.isEmpty()
                ? Optional.of(new NegotiateProtocolVersion(startup.negotiated(newest), options))
                : Optional.empty();
    }

    @Override
    public byte type() {
        return 'v';
    }

    static NegotiateProtocolVersion decode(ByteBuf body) {
        ProtocolVersion version = ProtocolVersion.of(MessageFields.int32(body, "protocol version"));
        int count = MessageFields.int32(body, "option count");
        if (count < 0 || count > body.readableBytes()) {
            throw new WireFormatException("NegotiateProtocolVersion names " + count + " options");
        }
        List<String> options = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            options.add(MessageFields.string(body, "option"));
        }
        return new NegotiateProtocolVersion(version, Collections.unmodifiableList(options));
    }

    @Override
    public void encodeBody(ByteBuf out) {
        out.writeInt(version.code());
        out.writeInt(unrecognisedOptions.size());
        for (String option : unrecognisedOptions) {
            MessageFields.putString(out, option);
        }
    }
}
