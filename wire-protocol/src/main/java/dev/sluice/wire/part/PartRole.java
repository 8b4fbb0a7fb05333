package dev.sluice.wire.part;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What a certificate says that its holder is: a subject alternative name of type URI, {@code
 * urn:sluice:part:safekeeper} and so on.
 */
public enum PartRole {
    SAFEKEEPER("safekeeper"),
    PAGESERVER("pageserver"),
    AGENT("agent"),
    CONTROL_PLANE("control-plane"),
    GATEWAY("gateway"),

    /** No part of Sluice: one who may stream WAL as a Postgres standby does. */
    READER("reader");

    private static final String PREFIX = "urn:sluice:part:";
    private static final int URI_NAME = 6;

    private final String text;

    PartRole(String text) {
        this.text = text;
    }

    /** As users write it. */
    public String text() {
        return text;
    }

    /** As certificates have it. */
    public String uri() {
        return PREFIX + text;
    }

    /** The roles that a certificate gives its holder, if any. Its signature is another's matter. */
    public static Set<PartRole> of(X509Certificate certificate) {
        Set<PartRole> roles = EnumSet.noneOf(PartRole.class);
        try {
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            if (names != null) {
                for (List<?> name : names) {
                    if (name.getFirst().equals(URI_NAME)) {
                        add(roles, name.get(1).toString());
                    }
                }
            }
        } catch (CertificateParsingException e) {
            roles.clear();
        }
        return roles;
    }

    private static void add(Set<PartRole> roles, String uri) {
        for (PartRole role : values()) {
            if (role.uri().equals(uri)) {
                roles.add(role);
            }
        }
    }
}
