package dev.sluice.gateway.pooling;

import dev.sluice.gateway.pooling.statement.ClientStatements;
import dev.sluice.gateway.pooling.statement.Deallocations;
import dev.sluice.gateway.pooling.statement.Expectations;
import dev.sluice.gateway.pooling.statement.ServerStatements;
import dev.sluice.gateway.pooling.statement.SharedStatement;
import dev.sluice.gateway.pooling.statement.StatementStore;
import dev.sluice.gateway.pooling.statement.Suspicion;
import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.WireFormatException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * Parse, Bind, Describe and Close of a pooled client. A named statement is one that clients share:
 * on every server connection it has the gateway's name, and is prepared there when it is first
 * needed, before the message that needs it. A server that has it need not see the client's Parse,
 * and never sees its Close. The unnamed statement is remembered, so that a Bind in a later
 * transaction finds it on whatever server connection.
 *
 * <p>A name that the client has not prepared goes on as it is, so that the server says what is
 * wrong with it.
 */
final class StatementMessages {
    /** The longest Parse of a shared statement. */
    private static final int MAX_PARSE = 1 << 20;

    /** The longest beginning of a message: two names. */
    private static final int MAX_NAMES = 64 << 10;

    private static final byte[] DEALLOCATED = Texts.ascii("DEALLOCATE\0");

    /** What follows the name in a Parse of an empty text. */
    private static final byte[] EMPTY_STATEMENT = {0, 0, 0};

    private final PooledClient client;
    private final ClientInput input;
    private final StatementStore store;
    private final ClientStatements statements;
    private final Deallocations deallocations;

    private int doneUpTo;
    private @Nullable UnnamedStatement unnamed;
    private boolean unnamedComes;
    private boolean unnamedOfGroup;
    private long readies;

    StatementMessages(PooledClient client, ClientInput input, StatementStore store) {
        this.client = client;
        this.input = input;
        this.store = store;
        this.statements = new ClientStatements(store);
        this.deallocations = new Deallocations(store);
    }

    ClientStatements statements() {
        return statements;
    }

    /** Up to where a message was dealt with whose rest goes on. */
    int doneUpTo() {
        return doneUpTo;
    }

    ClientInput.Step message(
            PooledServer server, ByteBuf in, int at, byte type, int length, int come) {
        if (server.expected().isSkipping()) {
            return ClientInput.Step.DROPPED;
        }
        int body = at + FrameHeader.BYTES;
        int end = body + come;
        if (type == 'P') {
            return parse(server, in, at, body, end, length);
        }
        if (type == 'B') {
            return bind(server, in, at, body, end, length);
        }
        if (come < length) {
            return incomplete(come);
        }
        if (length < 2 || in.getByte(end - 1) != 0) {
            throw new WireFormatException("a name has no terminator");
        }
        boolean statement = in.getByte(body) == 'S';
        byte kind = type == 'D' ? Expectations.DESCRIBE : Expectations.CLOSE;
        if (!statement) {
            if (type == 'C') {
                deallocations.closed(in, body + 1, end - 1 - (body + 1));
            }
            server.expected().sent(kind, null);
            return ClientInput.Step.STAYS;
        }
        int name = body + 1;
        int nameLength = end - 1 - name;
        return type == 'D'
                ? describe(server, in, at, name, nameLength, end)
                : close(server, in, at, name, nameLength, end);
    }

    private static ClientInput.Step incomplete(int come) {
        if (come > MAX_NAMES) {
            throw new WireFormatException("a name of more than " + MAX_NAMES + " bytes");
        }
        return ClientInput.Step.INCOMPLETE;
    }

    private ClientInput.Step missing(int length, int come) {
        if (come >= length) {
            throw new WireFormatException("a name has no terminator");
        }
        return incomplete(come);
    }

    private ClientInput.Step parse(
            PooledServer server, ByteBuf in, int at, int body, int end, int length) {
        int zero = in.indexOf(body, end, (byte) 0);
        if (zero < 0) {
            return missing(length, end - body);
        }
        if (zero == body) {
            byte[] deallocates = null;
            if (length <= Deallocations.LONGEST) {
                if (end - body < length) {
                    return ClientInput.Step.INCOMPLETE;
                }
                deallocates = deallocates(in, body + 1, end);
            }
            parseUnnamed(server, length, deallocates);
            input.watch(false, end - body < length);
            doneUpTo = body + 1;
            return ClientInput.Step.BODY_LEFT;
        }
        if (length > MAX_PARSE || statements.size() >= ClientStatements.MAX) {
            client.pool().counters().clientParse();
            client.pinning().mustPin("more or longer prepared statements than are shared");
            server.expected().sent(Expectations.PARSE, null);
            input.watch(false, true);
            doneUpTo = zero + 1;
            return ClientInput.Step.BODY_LEFT;
        }
        if (end - body < length) {
            return ClientInput.Step.INCOMPLETE;
        }
        client.pool().counters().clientParse();
        byte[] text = new byte[end - zero - 1];
        in.getBytes(zero + 1, text);
        ClientStatements.Named known = statements.find(in, body, zero - body);
        if (known != null) {
            // the server is to say that it exists
            require(server, at, known.statement());
            server.expected().sent(Expectations.DUPLICATE_PARSE, known);
            write(server, at, known.statement().name(), text);
            input.outgoing().skip(end);
            return ClientInput.Step.DONE;
        }
        SharedStatement statement = store.find(text);
        if (statement == null) {
            statement = watched(text);
        }
        ClientStatements.Named named = statements.add(in, body, zero - body, statement);
        boolean present = server.statements().has(statement);
        boolean mayFail = server.status() == 'E' || server.expected().isReadyDue();
        if (present && !mayFail) {
            input.outgoing().insert(server.channel(), at);
            server.expected().sent(Expectations.FAKE_PARSE, named);
        } else {
            if (present || server.statements().isOutdated(statement)) {
                // in a failed transaction the server refuses it: ask the server
                forget(server, at, statement);
            }
            makeRoom(server, at);
            server.statements().add(statement);
            server.expected().sent(Expectations.PARSE, named);
            client.pool().counters().serverParse();
            write(server, at, statement.name(), statement.body());
        }
        input.outgoing().skip(end);
        return ClientInput.Step.DONE;
    }

    private SharedStatement watched(byte[] body) {
        int zero = 0;
        while (zero < body.length && body[zero] != 0) {
            zero++;
        }
        ByteBuf text = Unpooled.wrappedBuffer(body);
        Suspicion suspicion = Suspicion.of(text, 0, zero);
        byte[] deallocates = suspicion != null ? Deallocations.target(text, 0, zero) : null;
        return store.add(body, suspicion, deallocates);
    }

    /** The name of the statement that a text, which ends with a zero byte, deallocates. */
    private static byte @Nullable [] deallocates(ByteBuf in, int text, int end) {
        int zero = in.indexOf(text, end, (byte) 0);
        return zero < 0 ? null : Deallocations.target(in, text, zero - text);
    }

    private void parseUnnamed(PooledServer server, int length, byte @Nullable [] deallocates) {
        client.pool().counters().clientParse();
        UnnamedStatement made =
                new UnnamedStatement(length, group(server), unnamedBefore(server), deallocates);
        unnamed = made;
        unnamedComes = true;
        unnamedOfGroup = true;
        server.unnamedIs(made);
        server.expected().sent(Expectations.PARSE, made);
    }

    /** What the server may yet have if the next one is skipped. */
    private @Nullable UnnamedStatement unnamedBefore(PooledServer server) {
        UnnamedStatement before = server.expected().size() > 0 ? unnamed : null;
        if (before != null) {
            before.forget(readies, group(server));
        }
        return before;
    }

    private long group(PooledServer server) {
        return readies + server.expected().readiesDue();
    }

    /** The server has said that it is ready. */
    void readyReceived() {
        readies++;
    }

    /** What comes after a Sync is done even if what was before it failed. */
    void groupEnds() {
        unnamedOfGroup = false;
    }

    /** Whether it depends on answers that are due which statement is the unnamed one. */
    private boolean isUnnamedOpen(PooledServer server) {
        return !unnamedOfGroup && server.expected().isReadyDue();
    }

    /** Part of a text that goes on: the unnamed statement, if that is what is being sent. */
    void unnamedPart(ByteBuf in, int at, int length) {
        UnnamedStatement coming = unnamed;
        if (unnamedComes && coming != null) {
            coming.more(in, at, length);
        }
    }

    /**
     * The text is over.
     *
     * @param suspicion what executing it may leave behind
     */
    void textEnds(@Nullable Suspicion suspicion) {
        UnnamedStatement come = unnamed;
        if (unnamedComes && come != null) {
            come.suspect(suspicion);
        }
        unnamedComes = false;
    }

    /** A Query, or the end of the server connection, ends the unnamed statement. */
    void unnamedGone(PooledServer server) {
        unnamed = null;
        unnamedComes = false;
        server.unnamedIs(null);
    }

    /** The client's unnamed statement is the server's; if it has none, neither has the server. */
    private void requireUnnamed(PooledServer server, int at) {
        UnnamedStatement wanted = unnamed;
        if (wanted != null && server.hasUnnamed(wanted)) {
            return;
        }
        byte[] parse = wanted == null ? null : wanted.parse();
        if (parse != null) {
            server.unnamedIs(wanted);
            server.expected().sent(Expectations.INJECTED_PARSE, wanted);
            client.pool().counters().serverParse();
            ByteBuf out = input.outgoing().insert(server.channel(), at);
            out.writeByte('P').writeInt(Integer.BYTES + parse.length).writeBytes(parse);
        } else if (!server.hasNoUnnamed()) {
            server.unnamedIs(null);
            server.expected().sent(Expectations.INJECTED_CLOSE, PooledServer.UNKNOWN);
            ByteBuf out = input.outgoing().insert(server.channel(), at);
            out.writeByte('C').writeInt(Integer.BYTES + 2).writeByte('S').writeByte(0);
        }
    }

    private ClientInput.Step bind(
            PooledServer server, ByteBuf in, int at, int body, int end, int length) {
        int portalEnd = in.indexOf(body, end, (byte) 0);
        int zero = portalEnd < 0 ? -1 : in.indexOf(portalEnd + 1, end, (byte) 0);
        if (zero < 0) {
            return missing(length, end - body);
        }
        int name = portalEnd + 1;
        Expectations expected = server.expected();
        if (zero == name && isUnnamedOpen(server)) {
            return ClientInput.Step.HOLD;
        }
        client.pool().counters().bind();
        if (zero == name) {
            requireUnnamed(server, at);
            UnnamedStatement bound = unnamed;
            input.texts().uses(bound == null ? null : bound.suspicion());
            deallocations.bound(
                    in, body, portalEnd - body, bound == null ? null : bound.deallocates());
            expected.sent(Expectations.BIND, null);
            return ClientInput.Step.STAYS;
        }
        ClientStatements.Named named = statements.find(in, name, zero - name);
        deallocations.bound(
                in, body, portalEnd - body, named == null ? null : named.statement().deallocates());
        if (named == null) {
            expected.sent(Expectations.BIND, null);
            return ClientInput.Step.STAYS;
        }
        SharedStatement statement = named.statement();
        input.texts().uses(statement.suspicion());
        require(server, at, statement);
        expected.sent(Expectations.BIND, named);
        byte[] theirs = statement.name();
        ByteBuf out = input.outgoing().insert(server.channel(), at);
        out.writeByte('B').writeInt(Integer.BYTES + length - (zero - name) + theirs.length);
        out.writeBytes(in, body, name - body);
        out.writeBytes(theirs).writeByte(0);
        input.outgoing().skip(zero + 1);
        doneUpTo = zero + 1;
        return ClientInput.Step.BODY_LEFT;
    }

    private ClientInput.Step describe(
            PooledServer server, ByteBuf in, int at, int name, int nameLength, int end) {
        ClientStatements.Named named = null;
        if (nameLength == 0) {
            if (isUnnamedOpen(server)) {
                return ClientInput.Step.HOLD;
            }
            requireUnnamed(server, at);
        } else {
            named = statements.find(in, name, nameLength);
        }
        if (named == null) {
            server.expected().sent(Expectations.DESCRIBE, null);
            return ClientInput.Step.STAYS;
        }
        require(server, at, named.statement());
        server.expected().sent(Expectations.DESCRIBE, named);
        byte[] theirs = named.statement().name();
        ByteBuf out = input.outgoing().insert(server.channel(), at);
        out.writeByte('D').writeInt(Integer.BYTES + 2 + theirs.length);
        out.writeByte('S').writeBytes(theirs).writeByte(0);
        input.outgoing().skip(end);
        return ClientInput.Step.DONE;
    }

    private ClientInput.Step close(
            PooledServer server, ByteBuf in, int at, int name, int nameLength, int end) {
        ClientStatements.Named named =
                nameLength == 0 ? null : statements.find(in, name, nameLength);
        if (named == null) {
            UnnamedStatement closed = null;
            if (nameLength == 0) {
                closed = UnnamedStatement.none(group(server), unnamedBefore(server));
                unnamedGone(server);
                unnamed = closed;
                unnamedOfGroup = true;
            }
            server.expected().sent(Expectations.CLOSE, closed);
            return ClientInput.Step.STAYS;
        }
        statements.remove(named);
        server.expected().sent(Expectations.FAKE_CLOSE, named);
        input.outgoing().insert(server.channel(), at);
        input.outgoing().skip(end);
        return ClientInput.Step.DONE;
    }

    /** Has a statement prepared on the server before what is at an index. */
    private void require(PooledServer server, int at, SharedStatement statement) {
        if (server.statements().has(statement)) {
            return;
        }
        if (server.statements().isOutdated(statement)) {
            forget(server, at, statement);
        }
        makeRoom(server, at);
        server.statements().add(statement);
        server.expected().sent(Expectations.INJECTED_PARSE, statement);
        client.pool().counters().serverParse();
        write(server, at, statement.name(), statement.body());
    }

    private void write(PooledServer server, int at, byte[] name, byte[] body) {
        ByteBuf out = input.outgoing().insert(server.channel(), at);
        out.writeByte('P').writeInt(Integer.BYTES + name.length + 1 + body.length);
        out.writeBytes(name).writeByte(0).writeBytes(body);
    }

    private void makeRoom(PooledServer server, int at) {
        SharedStatement oldest =
                server.statements().evict(client.pool().settings().preparedStatements());
        if (oldest != null) {
            forget(server, at, oldest);
        }
    }

    private void forget(PooledServer server, int at, SharedStatement statement) {
        server.statements().remove(statement);
        server.expected().sent(Expectations.INJECTED_CLOSE, statement);
        writeClose(input.outgoing().insert(server.channel(), at), statement.name());
    }

    private static void writeClose(ByteBuf out, byte[] name) {
        out.writeByte('C').writeInt(Integer.BYTES + 2 + name.length);
        out.writeByte('S').writeBytes(name).writeByte(0);
    }

    /** Whether a Query, whose text this is with its zero byte, deallocates one of the client's. */
    boolean deallocates(PooledServer server, ByteBuf in, int text, int length) {
        return statements.size() > 0
                && server.status() != 'E'
                && deallocatedBy(in, text, length) != null;
    }

    /**
     * Does what the Query does, which no server needs to see; as any, it ends the unnamed one, too.
     *
     * @return the beginning of the answer
     */
    ByteBuf deallocated(ByteBuf in, int text, int length) {
        ClientStatements.Named named = deallocatedBy(in, text, length);
        if (named != null) {
            statements.remove(named);
        }
        unnamed = null;
        ByteBuf answer = client.channel().alloc().buffer();
        answer.writeByte('C').writeInt(Integer.BYTES + DEALLOCATED.length).writeBytes(DEALLOCATED);
        return answer;
    }

    private ClientStatements.@Nullable Named deallocatedBy(ByteBuf in, int text, int length) {
        return named(Deallocations.target(in, text, Math.max(0, length - 1)));
    }

    private ClientStatements.@Nullable Named named(byte @Nullable [] name) {
        return name == null ? null : statements.find(Unpooled.wrappedBuffer(name), 0, name.length);
    }

    /**
     * An Execute. One of a DEALLOCATE finds on the server what the client calls so: an empty
     * statement, put there for it. So the server says what comes of it, as of a portal that was
     * executed before, or of a transaction that has failed.
     */
    ClientInput.Step execute(PooledServer server, ByteBuf in, int at, int length, int come) {
        Expectations expected = server.expected();
        if (deallocations.isEmpty() || expected.isSkipping()) {
            return ClientInput.sent(expected, Expectations.EXECUTE, null);
        }
        if (expected.isSettled() && server.status() == 'I') {
            portalsGone();
            return ClientInput.sent(expected, Expectations.EXECUTE, null);
        }
        if (come < length) {
            return incomplete(come);
        }
        int portal = at + FrameHeader.BYTES;
        int zero = in.indexOf(portal, portal + length, (byte) 0);
        byte[] name = zero < 0 ? null : deallocations.of(in, portal, zero - portal);
        ClientStatements.Named named = named(name);
        if (name == null || named == null) {
            return ClientInput.sent(expected, Expectations.EXECUTE, null);
        }
        statements.remove(named);
        expected.sent(Expectations.INJECTED_CLOSE, null);
        expected.sent(Expectations.INJECTED_PARSE, null);
        writeClose(input.outgoing().insert(server.channel(), at), name);
        write(server, at, name, EMPTY_STATEMENT);
        return ClientInput.sent(expected, Expectations.EXECUTE, named);
    }

    /** The transaction is over. */
    void portalsGone() {
        deallocations.clear();
    }

    /** The server skipped a message, or refused it. */
    void undone(PooledServer server, byte kind, @Nullable Object subject, boolean byItself) {
        ServerStatements there = server.statements();
        switch (subject) {
            case null -> {
                // nothing was changed for it
            }
            case ClientStatements.Named named -> {
                switch (kind) {
                    case Expectations.FAKE_CLOSE -> statements.restore(named);
                    case Expectations.EXECUTE -> {
                        statements.restore(named);
                        if (byItself) {
                            server.spoil();
                        }
                    }
                    case Expectations.FAKE_PARSE -> statements.remove(named);
                    case Expectations.PARSE -> {
                        statements.remove(named);
                        there.remove(named.statement());
                    }
                    default -> {
                        // only used it
                    }
                }
            }
            case SharedStatement statement -> {
                if (kind == Expectations.INJECTED_CLOSE) {
                    there.add(statement);
                } else {
                    there.remove(statement);
                }
            }
            case UnnamedStatement statement -> {
                server.unnamedIs(PooledServer.UNKNOWN);
                if (kind == Expectations.PARSE || kind == Expectations.CLOSE) {
                    statement.undone(kind == Expectations.PARSE && byItself);
                    unnamed = UnnamedStatement.current(unnamed);
                }
            }
            default -> throw new IllegalStateException("undone: " + subject);
        }
    }
}
