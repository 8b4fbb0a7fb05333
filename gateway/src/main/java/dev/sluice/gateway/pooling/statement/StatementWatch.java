package dev.sluice.gateway.pooling.statement;

import io.netty.buffer.ByteBuf;

/**
 * Reads the texts of statements for commands that may change what a session is beyond its
 * transaction. It need not be exact: what it finds is asked of the server ({@link
 * dev.sluice.gateway.pooling.state.StateExchange}), so finding too much costs one question. What it
 * must not do is overlook a command that is there to be seen.
 *
 * <p>Suspicious is a command that begins with one of {@code SET} (but not {@code LOCAL}, {@code
 * TRANSACTION}, {@code CONSTRAINTS}), {@code RESET}, {@code DISCARD}, {@code LISTEN}, {@code
 * UNLISTEN}, {@code PREPARE}, {@code DEALLOCATE}, {@code LOAD}, {@code DO}; {@code CREATE TEMP};
 * {@code INTO TEMP}; {@code WITH HOLD}; and the words {@code set_config} (unless its last argument
 * is {@code true}), {@code pg_temp}, and the functions of advisory locks and replication slots that
 * last longer than a transaction. Strings, quoted names and comments are passed over.
 *
 * <p>Fed with chunks; keeps a few integers and the last word.
 */
public final class StatementWatch {
    /** May leave something behind. */
    public static final int SUSPICIOUS = 1;

    /** May deallocate prepared statements. */
    public static final int DEALLOCATES = 2;

    /** Loads a library, which nothing can undo or show. */
    public static final int LOADS = 4;

    /** Gives settings the values that they began with. */
    public static final int RESETS = 8;

    private enum At {
        CODE,
        WORD,
        QUOTED,
        ESCAPED,
        NAME,
        LINE_COMMENT,
        BLOCK_COMMENT,
        DOLLAR_TAG,
        DOLLAR_QUOTED
    }

    private static final int MAX_WORD = 40;
    private static final int MAX_TAG = 63;

    private final byte[] word = new byte[MAX_WORD];
    private final byte[] tag = new byte[MAX_TAG + 2];
    private At at = At.CODE;
    private int wordLength;
    private int wordsOfCommand;
    private boolean isSet;
    private boolean mayBeTemporary;
    private boolean afterWith;
    private boolean afterEscapeMark;
    private boolean backslash;
    private int tagLength;
    private int tagMatched;
    private byte before;
    private int depth;
    private int configDepth;
    private boolean lastWordTrue;
    private int found;

    /** Another text begins. */
    public void begin() {
        at = At.CODE;
        wordLength = 0;
        found = 0;
        before = 0;
        depth = 0;
        commandBegins();
    }

    private void commandBegins() {
        wordsOfCommand = 0;
        isSet = false;
        mayBeTemporary = false;
        afterWith = false;
        configDepth = 0;
        lastWordTrue = false;
    }

    /** More of the text. */
    public void more(ByteBuf chunk, int index, int length) {
        int end = index + length;
        for (int i = index; i < end; i++) {
            next(chunk.getByte(i));
        }
    }

    /**
     * The text is over.
     *
     * @return the flags of what was found
     */
    public int end() {
        next((byte) 0);
        return found;
    }

    private void next(byte b) {
        before = taken(b);
    }

    /**
     * Takes a byte.
     *
     * @return what the next one sees as the one before: 0 if this one cannot be half of a pair
     */
    private byte taken(byte b) {
        switch (at) {
            case CODE, WORD -> {
                return code(b);
            }
            case QUOTED -> {
                if (b == '\'') {
                    at = At.CODE;
                }
            }
            case ESCAPED -> {
                if (backslash) {
                    backslash = false;
                } else if (b == '\\') {
                    backslash = true;
                } else if (b == '\'') {
                    at = At.CODE;
                }
            }
            case NAME -> {
                if (b == '"') {
                    at = At.CODE;
                    wordEnds();
                } else {
                    addToWord(b);
                }
            }
            case LINE_COMMENT -> {
                if (b == '\n' || b == '\r') {
                    at = At.CODE;
                }
            }
            case BLOCK_COMMENT -> {
                return blockComment(b);
            }
            case DOLLAR_TAG -> dollarTag(b);
            case DOLLAR_QUOTED -> dollarQuoted(b);
        }
        return b;
    }

    private byte code(byte b) {
        if (isWord(b) || (b == '$' && at == At.WORD)) {
            at = At.WORD;
            addToWord(b);
            return b;
        }
        if (at == At.WORD) {
            at = At.CODE;
            wordEnds();
        }
        switch (b) {
            case '\'' -> {
                at = afterEscapeMark ? At.ESCAPED : At.QUOTED;
                backslash = false;
                lastWordTrue = false;
            }
            case '"' -> at = At.NAME;
            case '-' -> {
                if (before == '-') {
                    at = At.LINE_COMMENT;
                }
            }
            case '*' -> {
                if (before == '/') {
                    at = At.BLOCK_COMMENT;
                    depth = 1;
                    return 0;
                }
            }
            case '$' -> {
                at = At.DOLLAR_TAG;
                tag[0] = '$';
                tagLength = 1;
            }
            case ';' -> {
                if (configDepth > 0) {
                    found |= SUSPICIOUS;
                }
                commandBegins();
            }
            case '(' -> {
                if (configDepth > 0) {
                    configDepth++;
                }
            }
            case ')' -> configCloses();
            case ',' -> lastWordTrue = false;
            case 0 -> {
                if (configDepth > 0) {
                    found |= SUSPICIOUS;
                }
            }
            default -> {
                // nothing that matters
            }
        }
        afterEscapeMark = false;
        return b;
    }

    private void configCloses() {
        if (configDepth == 0) {
            return;
        }
        configDepth--;
        if (configDepth == 1) {
            configDepth = 0;
            if (!lastWordTrue) {
                found |= SUSPICIOUS;
            }
        }
    }

    private byte blockComment(byte b) {
        if (before == '*' && b == '/') {
            depth--;
            if (depth == 0) {
                at = At.CODE;
            }
            return 0;
        }
        if (before == '/' && b == '*') {
            depth++;
            return 0;
        }
        return b;
    }

    private void dollarTag(byte b) {
        if (b == '$') {
            tag[tagLength++] = '$';
            tagMatched = 0;
            at = At.DOLLAR_QUOTED;
        } else if (isWord(b) && tagLength <= MAX_TAG && !(tagLength == 1 && b <= '9' && b >= '0')) {
            tag[tagLength++] = b;
        } else {
            // a parameter, or a tag that is none
            at = At.CODE;
            var _ = code(b);
        }
    }

    private void dollarQuoted(byte b) {
        if (b == tag[tagMatched]) {
            tagMatched++;
            if (tagMatched == tagLength) {
                at = At.CODE;
            }
        } else {
            tagMatched = b == '$' ? 1 : 0;
        }
    }

    private void addToWord(byte b) {
        if (wordLength < MAX_WORD) {
            word[wordLength] = (byte) (b >= 'A' && b <= 'Z' ? b + ('a' - 'A') : b);
        }
        wordLength++;
    }

    private void wordEnds() {
        wordsOfCommand++;
        if (wordLength > 0 && wordLength <= MAX_WORD) {
            afterEscapeMark = wordLength == 1 && word[0] == 'e';
            if (wordsOfCommand == 1) {
                firstWord();
            } else if (wordsOfCommand == 2 && isSet) {
                if (!is("local") && !is("transaction") && !is("constraints")) {
                    found |= SUSPICIOUS;
                }
            }
            anyWord();
        }
        wordLength = 0;
    }

    private void firstWord() {
        switch (word[0]) {
            case 's' -> isSet = is("set");
            case 'r' -> suspect(is("reset"), RESETS);
            case 'u' -> suspect(is("unlisten"), 0);
            case 'p' -> suspect(is("prepare"), 0);
            case 'd' -> {
                suspect(is("do"), 0);
                suspect(is("deallocate"), DEALLOCATES);
                suspect(is("discard"), DEALLOCATES | RESETS);
            }
            case 'l' -> {
                suspect(is("listen"), 0);
                suspect(is("load"), LOADS);
            }
            default -> {
                // none of them
            }
        }
    }

    private void suspect(boolean really, int more) {
        if (really) {
            found |= SUSPICIOUS | more;
        }
    }

    private void anyWord() {
        boolean temporary = false;
        switch (word[0]) {
            case 't' -> {
                temporary = is("temp") || is("temporary");
                lastWordTrue = is("true");
            }
            case 's' -> {
                if (is("set_config")) {
                    suspect(configDepth > 0, 0);
                    configDepth = 1;
                }
            }
            case 'h' -> suspect(afterWith && is("hold"), 0);
            case 'p' -> suspect(wordLength > 6 && isOfPostgres(), 0);
            default -> {
                // none of them
            }
        }
        suspect(temporary && mayBeTemporary, 0);
        if (word[0] != 't') {
            lastWordTrue = false;
        }
        mayBeTemporary =
                is("create")
                        || is("into")
                        || is("replace")
                        || (mayBeTemporary && (is("local") || is("global")));
        afterWith = is("with");
    }

    private boolean isOfPostgres() {
        return is("pg_temp")
                || startsWith("pg_temp_")
                || is("pg_advisory_lock")
                || is("pg_advisory_lock_shared")
                || is("pg_try_advisory_lock")
                || is("pg_try_advisory_lock_shared")
                || startsWith("pg_advisory_unlock")
                || is("pg_create_physical_replication_slot")
                || is("pg_create_logical_replication_slot");
    }

    private boolean is(String text) {
        return wordLength == text.length() && startsWith(text);
    }

    private boolean startsWith(String text) {
        if (wordLength < text.length()) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (word[i] != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isWord(byte b) {
        return (b >= 'a' && b <= 'z')
                || (b >= 'A' && b <= 'Z')
                || (b >= '0' && b <= '9')
                || b == '_'
                || b < 0;
    }
}
