package dev.sluice.gateway.parking;

import io.netty.buffer.ByteBuf;
import io.netty.util.ByteProcessor;
import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;

/**
 * Finds the names of custom settings ({@code app.tenant}) in the SQL that a client sends, from
 * {@code SET a.b} and {@code set_config('a.b'}: the one part of a session's state that Postgres
 * does not list ({@code pg_settings} leaves placeholders out). What it finds too much does no harm,
 * since the server is asked for the values.
 *
 * <p>Fed with chunks of statement texts as they pass; keeps a few integers and the names.
 */
public final class SettingNames {
    /** More than this are not kept, and the session counts as one with nameless settings. */
    private static final int MAX_NAMES = 64;

    private static final int MAX_NAME = 128;

    private enum At {
        /** Inside a word that does not matter, or after one. */
        WORD,
        /** At a place where a word may begin. */
        START,
        S,
        SE,
        SET,
        AFTER_SET,
        SLASH,
        BLOCK_COMMENT,
        SLASH_IN_COMMENT,
        STAR,
        DASH,
        LINE_COMMENT,
        NAME,
        SET_C,
        AFTER_CONFIG,
        LITERAL,
        AFTER_LITERAL
    }

    private static final String CONFIG = "_config";

    /** Letters, digits, underscore, dollar and all that is not ASCII, by unsigned byte. */
    private static final boolean[] WORD = new boolean[256];

    static {
        for (int b = 0; b < WORD.length; b++) {
            WORD[b] =
                    (b >= 'a' && b <= 'z')
                            || (b >= 'A' && b <= 'Z')
                            || (b >= '0' && b <= '9')
                            || b == '_'
                            || b == '$'
                            || b >= 0x80;
        }
    }

    private final ByteProcessor eachByte =
            b -> {
                next(b);
                return true;
            };
    private final StringBuilder name = new StringBuilder(0);
    private final Set<String> names = new TreeSet<>();
    private At at = At.START;
    private int matched;
    private int depth;
    private boolean nameless;

    /** Another text begins. */
    public void begin() {
        at = At.START;
    }

    /** More of the text. */
    public void more(ByteBuf chunk, int index, int length) {
        chunk.forEachByte(index, length, eachByte);
    }

    /** The text is over. */
    public void end() {
        next((byte) 0);
    }

    /** What was found, in lower case and the client's encoding, one character for each byte. */
    public Set<String> names() {
        return Collections.unmodifiableSet(names);
    }

    /** Whether there are settings whose names were not in the text, or were too many. */
    public boolean isNameless() {
        return nameless;
    }

    private void next(byte b) {
        switch (at) {
            case WORD -> between(b);
            case START -> {
                if (b == 's' || b == 'S') {
                    at = At.S;
                } else {
                    between(b);
                }
            }
            case S -> letter(b, 'e', At.SE);
            case SE -> letter(b, 't', At.SET);
            case SET -> afterSet(b);
            case AFTER_SET -> beforeName(b);
            case SLASH -> {
                depth = 1;
                second(b, '*', At.BLOCK_COMMENT);
            }
            case BLOCK_COMMENT -> inComment(b);
            case SLASH_IN_COMMENT -> {
                if (b == '*') {
                    depth++;
                    at = At.BLOCK_COMMENT;
                } else {
                    inComment(b);
                }
            }
            case STAR -> {
                if (b == '/') {
                    depth--;
                    at = depth == 0 ? At.AFTER_SET : At.BLOCK_COMMENT;
                } else {
                    inComment(b);
                }
            }
            case DASH -> second(b, '-', At.LINE_COMMENT);
            case LINE_COMMENT -> at = b == '\n' || b == '\r' ? At.AFTER_SET : At.LINE_COMMENT;
            case NAME -> inName(b);
            case SET_C -> inConfig(b);
            case AFTER_CONFIG -> beforeLiteral(b);
            case LITERAL -> inLiteral(b);
            case AFTER_LITERAL -> afterLiteral(b);
        }
    }

    private void between(byte b) {
        at = isWord(b) ? At.WORD : At.START;
    }

    private void letter(byte b, char wanted, At then) {
        if ((b | 0x20) == wanted) {
            at = then;
        } else {
            between(b);
        }
    }

    private void afterSet(byte b) {
        if (b == '_') {
            matched = 1;
            at = At.SET_C;
        } else if (!isCommentOrSpace(b)) {
            between(b);
        }
    }

    private void beforeName(byte b) {
        if (isWord(b) || b == '"') {
            name.setLength(0);
            at = At.NAME;
            inName(b);
        } else if (!isCommentOrSpace(b)) {
            between(b);
        }
    }

    private void second(byte b, char wanted, At then) {
        if (b == wanted) {
            at = then;
        } else {
            between(b);
        }
    }

    /** Whether a name may still follow a {@code SET}. */
    private boolean isCommentOrSpace(byte b) {
        switch (b) {
            case '/' -> at = At.SLASH;
            case '-' -> at = At.DASH;
            default -> {
                if (!isSpace(b)) {
                    return false;
                }
                at = At.AFTER_SET;
            }
        }
        return true;
    }

    /** Comments nest. */
    private void inComment(byte b) {
        at =
                switch (b) {
                    case '*' -> At.STAR;
                    case '/' -> At.SLASH_IN_COMMENT;
                    default -> At.BLOCK_COMMENT;
                };
    }

    private void inName(byte b) {
        if (isWord(b) || b == '.' || b == '"') {
            add(b);
            return;
        }
        String word = name.toString();
        if ((word.equals("session") || word.equals("local")) && isCommentOrSpace(b)) {
            return;
        }
        keep(word);
        between(b);
    }

    private void inConfig(byte b) {
        if (matched < CONFIG.length()) {
            if ((b | 0x20) == (CONFIG.charAt(matched) | 0x20)) {
                matched++;
            } else {
                between(b);
            }
        } else if (b == '(') {
            name.setLength(0);
            at = At.AFTER_CONFIG;
        } else if (b != '"' && !isSpace(b)) {
            between(b);
        }
    }

    private void beforeLiteral(byte b) {
        if (b == '\'') {
            at = At.LITERAL;
        } else if (!isSpace(b)) {
            nameless = true;
            between(b);
        }
    }

    private void inLiteral(byte b) {
        if (b == '\'') {
            at = At.AFTER_LITERAL;
        } else if (isWord(b) || b == '.') {
            add(b);
        } else {
            nameless = true;
            between(b);
        }
    }

    private void afterLiteral(byte b) {
        if (b == ',') {
            keep(name.toString());
            between(b);
        } else if (!isSpace(b)) {
            nameless = true;
            between(b);
        }
    }

    private void add(byte b) {
        if (b == '"') {
            return;
        }
        if (name.length() == MAX_NAME) {
            nameless = true;
            at = At.WORD;
        } else {
            name.append((char) (b >= 'A' && b <= 'Z' ? b + ('a' - 'A') : b & 0xff));
        }
    }

    private void keep(String found) {
        if (found.indexOf('.') > 0 && !names.contains(found)) {
            if (names.size() == MAX_NAMES) {
                nameless = true;
            } else {
                names.add(found);
            }
        }
    }

    private static boolean isSpace(byte b) {
        return b == ' ' || (b >= '\t' && b <= '\r');
    }

    private static boolean isWord(byte b) {
        return WORD[b & 0xff];
    }
}
