package dev.sluice.wire.scram;

import java.nio.charset.StandardCharsets;

/**
 * Reads the {@code a=value,b=value} syntax that all SCRAM messages have. A message is handled as
 * ISO 8859-1 text, so that each character is one byte of it and nothing is lost.
 */
final class ScramAttributes {
    /** More than any honest message needs; bounds what an unauthenticated peer can make us keep. */
    static final int MAX_MESSAGE = 4096;

    private final String message;
    private int at;

    ScramAttributes(byte[] message) {
        if (message.length == 0) {
            throw ScramException.malformed("The message is empty.");
        }
        if (message.length > MAX_MESSAGE) {
            throw ScramException.malformed("The message is too long.");
        }
        this.message = new String(message, StandardCharsets.ISO_8859_1);
        if (this.message.indexOf('\0') >= 0) {
            throw ScramException.malformed("Message length does not match input length.");
        }
    }

    int position() {
        return at;
    }

    boolean atEnd() {
        return at == message.length();
    }

    /** The next character, or NUL at the end. */
    char peek() {
        return atEnd() ? '\0' : message.charAt(at);
    }

    void skip() {
        at++;
    }

    String from(int start) {
        return message.substring(start);
    }

    String upTo(int end) {
        return message.substring(0, end);
    }

    void comma() {
        if (peek() != ',') {
            throw ScramException.malformed(
                    "Comma expected, but found character \"" + sanitized(peek()) + "\".");
        }
        at++;
    }

    /** The value of the attribute that must come next; the comma after it is skipped. */
    String value(char attribute) {
        if (peek() != attribute) {
            throw ScramException.malformed(
                    "Expected attribute \"%c\" but found \"%s\"."
                            .formatted(attribute, sanitized(peek())));
        }
        return anyValue();
    }

    /** The value of whatever attribute comes next; the comma after it is skipped. */
    String anyValue() {
        char attribute = peek();
        if (!((attribute >= 'A' && attribute <= 'Z') || (attribute >= 'a' && attribute <= 'z'))) {
            throw ScramException.malformed(
                    "Attribute expected, but found invalid character \""
                            + sanitized(attribute)
                            + "\".");
        }
        at++;
        if (peek() != '=') {
            throw ScramException.malformed(
                    "Expected character \"=\" for attribute \"" + attribute + "\".");
        }
        at++;
        int end = message.indexOf(',', at);
        String value = message.substring(at, end < 0 ? message.length() : end);
        at = end < 0 ? message.length() : end + 1;
        return value;
    }

    /** RFC 5802's {@code printable}: ASCII 0x21 to 0x7E without the comma. */
    static boolean isPrintable(String text) {
        return text.chars().allMatch(c -> c >= 0x21 && c <= 0x7e && c != ',');
    }

    static String sanitized(char c) {
        return c >= 0x21 && c <= 0x7e ? "'" + c + "'" : "0x%02x".formatted((int) c);
    }
}
