package dev.sluice.gateway.door;

import dev.sluice.gateway.token.Tokens;
import dev.sluice.gateway.transport.TlsFrontDoor;
import io.netty.handler.ssl.ClientAuth;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import javax.net.ssl.SSLException;

/** The rules in force, and what follows from them. Connections see all of a change or nothing. */
public final class Door {
    private final Duration handshakeTimeout;
    private final boolean http;
    private volatile Open open;

    /**
     * Rules in force.
     *
     * @param tls absent where TLS is refused
     * @param strays who asks for endpoints that do not exist: held to the same limits, counted
     *     apart so that made-up names do not push real ones out
     */
    public record Open(
            DoorRules rules,
            Optional<TlsFrontDoor> tls,
            Visitors visitors,
            Visitors strays,
            Tokens tokens) {}

    /**
     * @param http whether HTTP is spoken behind it too
     * @throws SSLException if the certificates cannot be used
     */
    public Door(DoorRules rules, Duration handshakeTimeout, boolean http) throws SSLException {
        this.handshakeTimeout = handshakeTimeout;
        this.http = http;
        this.open = open(rules);
    }

    /** What is in force now; one connection goes by one of these from beginning to end. */
    public Open now() {
        return open;
    }

    /**
     * Puts other rules in force, for connections that come from now on. Counts begin anew.
     *
     * @throws SSLException if the certificates cannot be used; the old rules stay
     */
    public void change(DoorRules rules) throws SSLException {
        open = open(rules);
    }

    private Open open(DoorRules rules) throws SSLException {
        ClientAuth clients =
                switch (rules.clientCertificates()) {
                    case NONE -> ClientAuth.NONE;
                    case OPTIONAL -> ClientAuth.OPTIONAL;
                    case REQUIRED -> ClientAuth.REQUIRE;
                };
        Optional<TlsFrontDoor> tls =
                rules.certificates().isPresent()
                        ? Optional.of(
                                TlsFrontDoor.of(
                                        rules.certificates().get(),
                                        clients,
                                        handshakeTimeout,
                                        http))
                        : Optional.empty();
        return new Open(
                rules,
                tls,
                new Visitors(rules, System::nanoTime),
                new Visitors(rules, System::nanoTime),
                new Tokens(rules.tokens(), InstantSource.system()));
    }
}
