package dev.sluice.gateway.parking;

import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.RowDescription;
import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Tries whether another session could be given this one's prepared statements as things are now: a
 * table may have been dropped, or have other columns, since they were prepared. Each is prepared
 * once more, under a name of ours; of SQL's {@code PREPARE}, which has the name in its text, what
 * follows it. Not tried are texts that would have to be converted, as they are kept in the encoding
 * of the database.
 */
public final class RehearsalExchange implements Exchange {
    private static final String NAME = "sluice_rehearsal";

    private final List<PreparedStatement> statements;
    private int syncs;
    private boolean failed;

    public RehearsalExchange(SessionSnapshot snapshot) {
        Map<String, String> reported = snapshot.reported();
        boolean converted =
                !reported.getOrDefault("client_encoding", "")
                        .equals(reported.get("server_encoding"));
        statements =
                snapshot.statements().stream()
                        .flatMap(statement -> statement.asParsed().stream())
                        .filter(statement -> !converted || isAscii(statement.text()))
                        .toList();
    }

    private static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 0x80);
    }

    /** Whether there is anything to try. */
    public boolean isNeeded() {
        return !statements.isEmpty();
    }

    @Override
    public void ask(ByteBuf out) {
        for (PreparedStatement statement : statements) {
            RawText.parse(out, NAME, statement.text(), statement.parameterTypes());
            RawText.describe(out, NAME);
            RawText.sync(out);
            // whatever became of it
            RawText.close(out, NAME);
            RawText.sync(out);
        }
    }

    @Override
    public boolean answered(byte type, ByteBuf body) {
        switch (type) {
            case '1', '3', 't', 'N' -> {
                // a step done
            }
            case 'n' -> compare("");
            case 'T' -> compare(types((RowDescription) BackendMessage.decode(type, body)));
            case 'E' -> failed = true;
            case 'Z' -> syncs++;
            default -> throw ProbeExchange.unexpected(type);
        }
        return syncs == 2 * statements.size();
    }

    private static String types(RowDescription columns) {
        return columns.fields().stream()
                .map(field -> Integer.toUnsignedString(field.type()))
                .collect(Collectors.joining(","));
    }

    private void compare(String resultTypes) {
        PreparedStatement before = statements.get(syncs / 2);
        failed |=
                !before.isLike(
                        new PreparedStatement(
                                before.name(),
                                before.text(),
                                before.parameterTypes(),
                                false,
                                resultTypes));
    }

    /** Whether one of them cannot be prepared, or has columns of other types. */
    public boolean hasFailed() {
        return failed;
    }
}
