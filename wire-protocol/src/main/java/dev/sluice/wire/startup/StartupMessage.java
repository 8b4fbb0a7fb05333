package dev.sluice.wire.startup;

import dev.sluice.wire.frame.MessageFields;
import dev.sluice.wire.frame.WireFormatException;
import io.netty.buffer.ByteBuf;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Opens a session: {@code Int32 length, Int32 version, (String name, String value)[], Byte1(0)}.
 *
 * @param parameters in the order they came; of a name given twice the last value, as in Postgres
 */
public record StartupMessage(ProtocolVersion version, Map<String, String> parameters)
        implements StartupPacket {
    /** Parameters with this prefix are options of the protocol itself. */
    public static final String PROTOCOL_OPTION_PREFIX = "_pq_.";

    static StartupMessage decode(int version, ByteBuf body) {
        if (!body.isReadable() || body.getByte(body.writerIndex() - 1) != 0) {
            throw badLayout();
        }
        Map<String, String> parameters = new LinkedHashMap<>();
        while (body.isReadable() && body.getByte(body.readerIndex()) != 0) {
            String name = MessageFields.string(body, "startup parameter's name");
            parameters.put(name, MessageFields.string(body, "startup parameter \"" + name + "\""));
        }
        if (body.readableBytes() != 1) {
            throw badLayout();
        }
        body.skipBytes(1);
        return new StartupMessage(
                ProtocolVersion.of(version), Collections.unmodifiableMap(parameters));
    }

    private static WireFormatException badLayout() {
        return new WireFormatException(
                "invalid startup packet layout: expected terminator as last byte");
    }

    /** The value of a parameter, if it is there and not empty. */
    public Optional<String> parameter(String name) {
        return Optional.ofNullable(parameters.get(name)).filter(value -> !value.isEmpty());
    }

    /** The names of the protocol options, none of which any version of Postgres knows. */
    public List<String> protocolOptions() {
        return parameters.keySet().stream()
                .filter(name -> name.startsWith(PROTOCOL_OPTION_PREFIX))
                .toList();
    }

    /** The version that the session speaks on a server whose newest is {@code newest}. */
    public ProtocolVersion negotiated(ProtocolVersion newest) {
        return version.compareTo(newest) > 0 ? newest : version;
    }

    @Override
    public void encodeBody(ByteBuf out) {
        out.writeInt(version.code());
        parameters.forEach((name, value) -> {
            MessageFields.putString(out, name);
            MessageFields.putString(out, value);
        });
        out.writeByte(0);
    }
}
