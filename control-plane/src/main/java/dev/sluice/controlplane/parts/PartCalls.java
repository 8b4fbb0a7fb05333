package dev.sluice.controlplane.parts;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.PropertyAccessor;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.controlplane.project.Refusal;
import dev.sluice.wire.part.PartAccess;
import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartChannel;
import dev.sluice.wire.part.PartFrame;
import dev.sluice.wire.part.PartNetwork;
import dev.sluice.wire.part.PartProtocolException;
import dev.sluice.wire.part.PartRole;
import dev.sluice.wire.part.PartServer;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls of an interface's methods in another process, for what is asked a few times a second at
 * most. Page and WAL traffic has protocols of its own.
 *
 * <p>Frames ({@link PartChannel}), one call at a time on a connection:
 *
 * <pre>
 *   1 CALL     {"method": name, "arguments": [...]}     as JSON
 *   2 RESULT   the returned value                       as JSON, null for void
 *   3 REFUSED  {"reason": Refusal.Reason, "message": text}
 *   4 FAILED   {"message": text}
 * </pre>
 *
 * <p>An interface that is called so has no two methods of one name, and takes and returns only what
 * Jackson reads and writes: records, lists, maps, text, numbers.
 */
public final class PartCalls {
    private static final Logger log = LoggerFactory.getLogger(PartCalls.class);
    private static final ObjectMapper JSON =
            JsonMapper.builder()
                    .visibility(PropertyAccessor.ALL, JsonAutoDetect.Visibility.NONE)
                    .visibility(PropertyAccessor.FIELD, JsonAutoDetect.Visibility.ANY)
                    .build();
    private static final int CALL = 1;
    private static final int RESULT = 2;
    private static final int REFUSED = 3;
    private static final int FAILED = 4;
    private static final int IDLE_CONNECTIONS = 16;
    private static final long RETRY_NANOS = Duration.ofMillis(20).toNanos();

    private PartCalls() {}

    /**
     * Where the calls of an interface are answered, and by whom.
     *
     * @param network one's own
     * @param role of the part that answers
     */
    public record Place(PartNetwork network, PartAddress address, PartRole role) {
        private PartChannel connect() throws IOException {
            return network.connect(address, role);
        }
    }

    /**
     * Answers calls with {@code implementation}'s methods.
     *
     * @param access who may call
     */
    public static <T> PartServer serve(
            String name, PartAddress address, PartAccess access, Class<T> type, T implementation)
            throws IOException {
        Map<String, Method> methods =
                Stream.of(type.getMethods())
                        .collect(Collectors.toMap(Method::getName, Function.identity()));
        return PartServer.start(
                name,
                address,
                access,
                channel -> {
                    for (PartFrame frame; (frame = channel.receive()) != null; ) {
                        answer(channel, frame, methods, implementation);
                    }
                });
    }

    private static void answer(
            PartChannel channel,
            PartFrame frame,
            Map<String, Method> methods,
            Object implementation)
            throws IOException {
        if (frame.type() != CALL) {
            throw new PartProtocolException("expected a call, got a frame of type " + frame.type());
        }
        JsonNode call = read(frame);
        String name = call.path("method").asText();
        Method method = methods.get(name);
        if (method == null) {
            throw new PartProtocolException("no such call: " + name);
        }
        try {
            Object result =
                    method.invoke(implementation, arguments(method, call.path("arguments")));
            send(channel, RESULT, JSON.valueToTree(result));
        } catch (InvocationTargetException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            ObjectNode failure = JsonNodeFactory.instance.objectNode();
            failure.put("message", String.valueOf(cause.getMessage()));
            if (cause instanceof Refusal refusal) {
                send(channel, REFUSED, failure.put("reason", refusal.reason().name()));
            } else {
                log.warn("call {} failed", name, cause);
                send(channel, FAILED, failure);
            }
        } catch (IllegalAccessException e) {
            throw new IllegalStateException("cannot call " + method, e);
        }
    }

    private static @Nullable Object[] arguments(Method method, JsonNode given) throws IOException {
        var types = method.getGenericParameterTypes();
        @Nullable Object[] arguments = new Object[types.length];
        for (int i = 0; i < types.length; i++) {
            JsonNode argument = given.path(i);
            arguments[i] =
                    argument.isNull()
                            ? null
                            : JSON.readerFor(JSON.constructType(types[i])).readValue(argument);
        }
        return arguments;
    }

    /**
     * An implementation of {@code type} that calls the one served at {@code place}. It connects
     * when first called, and again after a failure. Its methods throw what the other's do: a {@link
     * Refusal} as it is, all else as {@link IOException} where they declare one, otherwise as a
     * {@link Refusal} with reason unavailable.
     */
    public static <T> T caller(Place place, Class<T> type) {
        return caller(place, type, Duration.ZERO);
    }

    /**
     * As {@link #caller(Place, Class)}, and waits for the other process when it does not listen or
     * ends before it answers, as it does while it is started again. For calls that do no harm when
     * they are made twice.
     *
     * @param patience how long
     */
    public static <T> T caller(Place place, Class<T> type, Duration patience) {
        Queue<PartChannel> idle = new ArrayBlockingQueue<>(IDLE_CONNECTIONS);
        InvocationHandler handler =
                (_, method, arguments) -> {
                    if (method.getDeclaringClass() == Object.class) {
                        return method.getName().equals("toString")
                                ? type.getSimpleName() + " at " + place.address()
                                : method.invoke(idle, arguments);
                    }
                    try {
                        return callPatiently(place, idle, method, arguments, patience);
                    } catch (IOException e) {
                        for (Class<?> declared : method.getExceptionTypes()) {
                            if (declared == IOException.class) {
                                throw e;
                            }
                        }
                        throw new Refusal(
                                Refusal.Reason.UNAVAILABLE, String.valueOf(e.getMessage()), e);
                    }
                };
        return type.cast(
                Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    private static @Nullable Object callPatiently(
            Place place,
            Queue<PartChannel> idle,
            Method method,
            @Nullable Object @Nullable [] arguments,
            Duration patience)
            throws IOException {
        long begun = System.nanoTime();
        while (true) {
            try {
                return call(place, idle, method, arguments);
            } catch (BrokenConnectionException e) {
                if (System.nanoTime() - begun >= patience.toNanos()) {
                    throw e;
                }
                LockSupport.parkNanos(RETRY_NANOS);
            }
        }
    }

    private static @Nullable Object call(
            Place place,
            Queue<PartChannel> idle,
            Method method,
            @Nullable Object @Nullable [] arguments)
            throws IOException {
        ObjectNode call = JsonNodeFactory.instance.objectNode();
        call.put("method", method.getName());
        ArrayNode list = call.putArray("arguments");
        if (arguments != null) {
            for (Object argument : arguments) {
                list.add(JSON.<JsonNode>valueToTree(argument));
            }
        }
        PartChannel kept = idle.poll();
        if (kept != null) {
            try {
                return exchange(kept, place.address(), idle, method, call);
            } catch (BrokenConnectionException e) {
                // The other process was started again: no kept connection leads anywhere, and all
                // that an interrupted call began is gone.
                log.debug("the part at {} hung up", place.address(), e);
                for (PartChannel stale; (stale = idle.poll()) != null; ) {
                    stale.close();
                }
            }
        }
        return exchange(connect(place), place.address(), idle, method, call);
    }

    private static PartChannel connect(Place place) throws IOException {
        try {
            return place.connect();
        } catch (IOException e) {
            throw new BrokenConnectionException(place.address() + ": " + e.getMessage(), e);
        }
    }

    /** No answer came. */
    private static final class BrokenConnectionException extends IOException {
        private static final long serialVersionUID = 1L;

        BrokenConnectionException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    private static PartFrame ask(PartChannel channel, PartAddress address, ObjectNode call)
            throws IOException {
        PartFrame frame;
        try {
            send(channel, CALL, call);
            frame = channel.receive();
        } catch (IOException e) {
            throw new BrokenConnectionException(address + ": " + e.getMessage(), e);
        }
        if (frame == null) {
            throw new BrokenConnectionException(
                    "the part at " + address + " closed the connection", null);
        }
        return frame;
    }

    private static @Nullable Object exchange(
            PartChannel channel,
            PartAddress address,
            Queue<PartChannel> idle,
            Method method,
            ObjectNode call)
            throws IOException {
        boolean whole = false;
        try {
            PartFrame frame = ask(channel, address, call);
            JsonNode answer = read(frame);
            whole = true;
            return switch (frame.type()) {
                case RESULT ->
                        answer.isNull()
                                ? null
                                : JSON.readerFor(JSON.constructType(method.getGenericReturnType()))
                                        .readValue(answer);
                case REFUSED ->
                        throw new Refusal(
                                Refusal.Reason.valueOf(answer.path("reason").asText()),
                                answer.path("message").asText());
                case FAILED -> throw new IOException(answer.path("message").asText());
                default ->
                        throw new PartProtocolException("unexpected frame of type " + frame.type());
            };
        } finally {
            if (!whole || !idle.offer(channel)) {
                channel.close();
            }
        }
    }

    private static JsonNode read(PartFrame frame) throws IOException {
        byte[] bytes = new byte[frame.payload().remaining()];
        frame.payload().get(bytes);
        return JSON.readTree(bytes);
    }

    private static void send(PartChannel channel, int type, @Nullable JsonNode value)
            throws IOException {
        String text = value == null ? "null" : value.toString();
        channel.send(type, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }
}
