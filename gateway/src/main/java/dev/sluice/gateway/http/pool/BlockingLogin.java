package dev.sluice.gateway.http.pool;

import dev.sluice.gateway.http.memory.MemoryBudget;
import dev.sluice.gateway.routing.ComputeAddress;
import dev.sluice.wire.backend.AuthenticationOk;
import dev.sluice.wire.backend.AuthenticationSASL;
import dev.sluice.wire.backend.AuthenticationSASLContinue;
import dev.sluice.wire.backend.AuthenticationSASLFinal;
import dev.sluice.wire.backend.BackendKeyData;
import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.backend.NoticeResponse;
import dev.sluice.wire.backend.ParameterStatus;
import dev.sluice.wire.backend.ReadyForQuery;
import dev.sluice.wire.frame.WireFormatException;
import dev.sluice.wire.frontend.SASLInitialResponse;
import dev.sluice.wire.frontend.SASLResponse;
import dev.sluice.wire.scram.ScramClient;
import dev.sluice.wire.scram.ScramKeys;
import dev.sluice.wire.scram.ScramMechanism;
import dev.sluice.wire.startup.ProtocolVersion;
import dev.sluice.wire.startup.StartupMessage;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** Opens server connections, by SCRAM with the keys that a client's password gave away. */
final class BlockingLogin {
    private final SecureRandom random;
    private final int maxMessage;
    private final MemoryBudget memory;
    private final Duration forMemory;
    private final Executor afterPatience;

    /**
     * @param maxMessage the longest message that a server connection takes
     * @param memory for messages that are large
     * @param forMemory how long they wait for it
     * @param patience with a compute that takes the connection and then says nothing
     */
    BlockingLogin(
            SecureRandom random,
            int maxMessage,
            MemoryBudget memory,
            Duration forMemory,
            Duration patience) {
        this.random = random;
        this.maxMessage = maxMessage;
        this.memory = memory;
        this.forMemory = forMemory;
        this.afterPatience =
                CompletableFuture.delayedExecutor(patience.toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * Connects and logs in.
     *
     * @param parameters the startup parameters, user and database among them
     * @throws SqlErrorException what the server said instead
     */
    ServerConnection open(ComputeAddress address, Map<String, String> parameters, ScramKeys keys)
            throws IOException, SqlErrorException {
        MessageStream stream =
                new MessageStream(
                        MessageStream.connect(address), maxMessage, memory.share(), forMemory);
        AtomicBoolean loggedIn = new AtomicBoolean();
        afterPatience.execute(() -> {
            if (!loggedIn.get()) {
                stream.close();
            }
        });
        try {
            new StartupMessage(ProtocolVersion.V3_0, parameters).encode(stream.queue());
            stream.send();
            BackendKeyData key = login(stream, keys);
            loggedIn.set(true);
            return new ServerConnection(stream, address, key);
        } catch (IOException | SqlErrorException | RuntimeException e) {
            loggedIn.set(true);
            stream.close();
            throw e;
        }
    }

    private @Nullable BackendKeyData login(MessageStream stream, ScramKeys keys)
            throws IOException, SqlErrorException {
        ScramClient scram = ScramClient.withKeys(keys, null, random);
        BackendKeyData key = null;
        boolean proved = false;
        while (true) {
            BackendMessage message = stream.next();
            switch (message) {
                case AuthenticationSASL sasl -> begin(stream, scram, sasl);
                case AuthenticationSASLContinue challenge -> {
                    byte[] answer = scram.respond(ByteBufUtil.getBytes(challenge.data()));
                    stream.put(new SASLResponse(Unpooled.wrappedBuffer(answer)));
                    stream.send();
                }
                case AuthenticationSASLFinal last -> {
                    scram.verify(ByteBufUtil.getBytes(last.data()));
                    proved = true;
                }
                case AuthenticationOk _ -> requireProof(proved);
                case ParameterStatus _, NoticeResponse _ -> {}
                case BackendKeyData data -> key = data;
                case ErrorResponse error -> throw new SqlErrorException(error.diagnostic());
                case ReadyForQuery _ -> {
                    requireProof(proved);
                    return key;
                }
                default ->
                        throw new WireFormatException(
                                "the compute sent "
                                        + message.getClass().getSimpleName()
                                        + " during startup");
            }
        }
    }

    private static void begin(MessageStream stream, ScramClient scram, AuthenticationSASL sasl)
            throws IOException {
        if (!sasl.mechanisms().contains(ScramMechanism.SCRAM_SHA_256.saslName())) {
            throw new WireFormatException("the compute offers " + sasl.mechanisms());
        }
        stream.put(
                new SASLInitialResponse(
                        scram.mechanism().saslName(), Unpooled.wrappedBuffer(scram.first())));
        stream.send();
    }

    private static void requireProof(boolean proved) {
        if (!proved) {
            throw new WireFormatException("the compute did not ask for a password");
        }
    }
}
