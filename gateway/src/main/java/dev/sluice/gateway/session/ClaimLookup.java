package dev.sluice.gateway.session;

import dev.sluice.gateway.door.Door;
import dev.sluice.gateway.door.ProxyHeader;
import dev.sluice.gateway.door.Visitors;
import dev.sluice.gateway.routing.ClientDestination;
import dev.sluice.gateway.routing.Route;
import dev.sluice.gateway.routing.RoutingException;
import dev.sluice.wire.scram.ScramVerifier;
import dev.sluice.wire.startup.StartupMessage;
import java.net.InetAddress;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Asks the directory what a client's password is to be checked against. A client that asks for an
 * endpoint that does not exist gets what no password fits: before it has proved anything, it learns
 * no names. Confined to the connection's event loop.
 */
final class ClaimLookup {
    private final ClientConnection connection;
    private final StartupMessage startup;
    private final Door.Open door;
    private final InetAddress client;

    ClaimLookup(ClientConnection connection, StartupMessage startup, Door.Open door) {
        this.connection = connection;
        this.startup = startup;
        this.door = door;
        this.client = ProxyHeader.client(connection.channel());
    }

    /**
     * Looks it up. A client that may not come in, or from there, or so often, is told so and {@code
     * next} is not called.
     *
     * @param notSpecified called instead where the client has to name its endpoint
     */
    void look(
            ClientDestination destination,
            Consumer<Claim> next,
            Consumer<RoutingException> notSpecified) {
        FrequentLogins frequent = connection.services().frequentLogins();
        FrequentLogins.Login login = new FrequentLogins.Login(client, destination.request());
        Optional<FrequentLogins.Answer> answer = frequent.answer(login);
        if (answer.isPresent()) {
            if (mayComeIn(destination, answer.get().route(), door.visitors())) {
                next.accept(claim(destination, answer.get()));
            }
            return;
        }
        FrequentLogins.Asked asked = frequent.asking();
        connection.whenDone(
                connection.services().directory().route(destination.request()),
                (route, failure) -> {
                    RoutingException.Kind kind = kind(failure);
                    if (route != null) {
                        letIn(destination, route, asked, next);
                    } else if (kind == RoutingException.Kind.NO_SUCH_ENDPOINT) {
                        letAstray(destination, next);
                    } else if (kind == RoutingException.Kind.ENDPOINT_NOT_SPECIFIED) {
                        notSpecified.accept((RoutingException) cause(failure));
                    } else {
                        connection.fail(told(failure));
                    }
                });
    }

    private static RoutingException.@Nullable Kind kind(@Nullable Throwable failure) {
        return cause(failure) instanceof RoutingException refusal ? refusal.kind() : null;
    }

    private static @Nullable Throwable cause(@Nullable Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null
                ? failure.getCause()
                : failure;
    }

    private static Throwable told(@Nullable Throwable failure) {
        return failure != null ? failure : new IllegalStateException("the directory said nothing");
    }

    private boolean mayComeIn(ClientDestination destination, Route route, Visitors visitors) {
        connection.identified(route, destination.request(), startup);
        try {
            route.requireAllowed(client);
            visitors.arrive(client, route.endpointId());
            return true;
        } catch (RoutingException e) {
            connection.fail(e);
            return false;
        }
    }

    private void letAstray(ClientDestination destination, Consumer<Claim> next) {
        Route nowhere = Route.nowhere(destination.request());
        if (mayComeIn(destination, nowhere, door.strays())) {
            next.accept(
                    new Claim(
                            destination,
                            nowhere,
                            connection
                                    .services()
                                    .verifier(
                                            nowhere,
                                            destination.request().role(),
                                            Optional.empty()),
                            door.strays(),
                            null));
        }
    }

    private void letIn(
            ClientDestination destination,
            Route route,
            FrequentLogins.Asked asked,
            Consumer<Claim> next) {
        if (!mayComeIn(destination, route, door.visitors())) {
            return;
        }
        connection.whenDone(
                connection.services().directory().verifier(route, destination.request().role()),
                (verifier, failure) -> {
                    if (verifier != null) {
                        next.accept(claim(destination, route, verifier, asked));
                    } else if (kind(failure) == RoutingException.Kind.NO_SUCH_ENDPOINT) {
                        next.accept(claim(destination, route, Optional.empty(), asked));
                    } else {
                        connection.fail(told(failure));
                    }
                });
    }

    private Claim claim(ClientDestination destination, FrequentLogins.Answer answer) {
        return new Claim(destination, answer.route(), answer.verifier(), door.visitors(), answer);
    }

    /** A role that cannot log in gets the same as one that can, and takes as long. */
    private Claim claim(
            ClientDestination destination,
            Route route,
            Optional<String> text,
            FrequentLogins.Asked asked) {
        ScramVerifier verifier =
                connection.services().verifier(route, destination.request().role(), text);
        FrequentLogins.Answer answer =
                new FrequentLogins.Answer(route, text.orElse(""), verifier, asked);
        return new Claim(destination, route, verifier, door.visitors(), answer);
    }
}
