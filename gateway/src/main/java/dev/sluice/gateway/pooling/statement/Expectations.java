package dev.sluice.gateway.pooling.statement;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The answers that a server connection owes, in order: one for each message that was sent to it,
 * and, at their places among these, those that the gateway gives itself because the server never
 * saw the message. Messages that the gateway put in are answered to nobody.
 *
 * <p>After an error in the extended protocol a server skips everything up to the next Sync: what
 * was expected until there is undone. While it takes COPY data it ignores Sync: those sent between
 * the Execute and the end of the data get no answer (the manual, "COPY Operations").
 *
 * <p>A ring of bytes; nothing is allocated per message.
 */
public final class Expectations {
    /** What a message was. */
    public static final byte PARSE = 1;

    /** A Parse of ours before a client's message: its answer is swallowed. */
    public static final byte INJECTED_PARSE = 2;

    /** A client's Parse that the server did not need to see: its answer is ours to give. */
    public static final byte FAKE_PARSE = 3;

    public static final byte BIND = 4;
    public static final byte DESCRIBE = 5;
    public static final byte CLOSE = 6;

    /** A Close of ours: its answer is swallowed. */
    public static final byte INJECTED_CLOSE = 7;

    /** A client's Close that the server must not see: its answer is ours to give. */
    public static final byte FAKE_CLOSE = 8;

    public static final byte EXECUTE = 9;

    /** CopyDone or CopyFail. */
    public static final byte COPY_END = 10;

    public static final byte SYNC = 11;
    public static final byte QUERY = 12;
    public static final byte FUNCTION = 13;

    /** A client's Parse with a name that it has already: an error is the answer. */
    public static final byte DUPLICATE_PARSE = 14;

    /** Told what became of expectations that stand for a change on our side. */
    public interface Undo {
        /**
         * The server has skipped, or refused, the message.
         *
         * @param byItself whether it was refused, not skipped for one before it
         */
        void undone(byte kind, @Nullable Object subject, boolean byItself);
    }

    /** What to do with a message of the server. */
    public enum Verdict {
        FORWARD,
        SWALLOW,
        /** It answers nothing that was asked. */
        UNEXPECTED
    }

    private final Undo undo;
    private byte[] kinds = new byte[16];
    private @Nullable Object[] subjects = new @Nullable Object[16];
    private int head;
    private int size;
    private int readies;
    private int changes;
    private boolean unsynced;
    private boolean skipping;
    private boolean copyIn;
    private boolean doubtful;

    public Expectations(Undo undo) {
        this.undo = undo;
    }

    /** Nothing was sent yet. */
    public void reset() {
        head = 0;
        size = 0;
        Arrays.fill(subjects, null);
        readies = 0;
        changes = 0;
        unsynced = false;
        skipping = false;
        copyIn = false;
        doubtful = false;
    }

    /**
     * A message is about to be sent, or to be answered by us.
     *
     * @return false if the server would skip it: it need not be sent
     */
    public boolean sent(byte kind, @Nullable Object subject) {
        switch (kind) {
            case SYNC -> {
                unsynced = false;
                if (copyIn) {
                    doubtful = true;
                    return true;
                }
                skipping = false;
            }
            case QUERY, FUNCTION -> {
                if (skipping) {
                    return false;
                }
                unsynced = false;
            }
            case COPY_END -> {
                if (copyIn) {
                    copyIn = false;
                    return true;
                }
                if (size == 0 || skipping) {
                    return false;
                }
            }
            default -> {
                if (skipping) {
                    return false;
                }
                unsynced = true;
            }
        }
        add(kind, subject);
        return true;
    }

    /** What a message of this type from the server answers. */
    public Verdict received(byte type) {
        return switch (type) {
            case '1' -> answer(PARSE, INJECTED_PARSE);
            case '2' -> answer(BIND, BIND);
            case '3' -> answer(CLOSE, INJECTED_CLOSE);
            case 'T', 'n' -> {
                if (first() == DESCRIBE) {
                    pop();
                }
                yield Verdict.FORWARD;
            }
            case 'C', 'I', 's' -> {
                if (first() == EXECUTE) {
                    pop();
                }
                copyIn = false;
                yield Verdict.FORWARD;
            }
            case 'G' -> {
                copyBegins();
                yield Verdict.FORWARD;
            }
            case 'E' -> {
                failed();
                yield Verdict.FORWARD;
            }
            case 'Z' -> ready();
            default -> Verdict.FORWARD;
        };
    }

    private Verdict answer(byte usual, byte ours) {
        byte first = first();
        if (first == usual) {
            pop();
            return Verdict.FORWARD;
        }
        if (first == ours) {
            pop();
            return Verdict.SWALLOW;
        }
        return Verdict.UNEXPECTED;
    }

    private Verdict ready() {
        byte first = first();
        if (first != SYNC && first != QUERY && first != FUNCTION) {
            return Verdict.UNEXPECTED;
        }
        copyIn = false;
        pop();
        return Verdict.FORWARD;
    }

    /** Sync is ignored from here to the end of the data. */
    private void copyBegins() {
        copyIn = true;
        int kept = 1;
        for (int i = 1; i < size; i++) {
            byte kind = kinds[at(i)];
            boolean gone = copyIn && (kind == SYNC || kind == COPY_END);
            if (copyIn && kind == COPY_END) {
                copyIn = false;
            }
            if (gone) {
                count(kind, subjects[at(i)], -1);
            } else {
                kinds[at(kept)] = kind;
                subjects[at(kept)] = subjects[at(i)];
                kept++;
            }
        }
        for (int i = kept; i < size; i++) {
            subjects[at(i)] = null;
        }
        if (size > 0) {
            size = kept;
        }
    }

    private void failed() {
        copyIn = false;
        byte first = first();
        if (first == 0 || first == SYNC || first == QUERY || first == FUNCTION) {
            return;
        }
        int skipped = 1;
        while (skipped < size && kinds[at(skipped)] != SYNC) {
            skipped++;
        }
        undo(skipped);
        for (int i = 0; i < skipped; i++) {
            drop();
        }
        skipping = size == 0;
    }

    /**
     * The next answer that is ours to give now: {@code '1'}, {@code '3'}, or 0 if the server has to
     * answer first. It counts as given.
     */
    public byte ours() {
        if (size == 0) {
            return 0;
        }
        byte kind = kinds[head];
        if (kind == FAKE_PARSE || kind == FAKE_CLOSE) {
            pop();
            return (byte) (kind == FAKE_PARSE ? '1' : '3');
        }
        return 0;
    }

    /**
     * Takes the next thing that is expected, as somebody who answers in the server's place.
     *
     * @return 0 when there is nothing left
     */
    public byte abandon() {
        if (size == 0) {
            return 0;
        }
        byte kind = kinds[head];
        drop();
        return kind;
    }

    /** Nothing that is expected will come: undoes all of it, which {@link #abandon} then takes. */
    public void undoAll() {
        undo(size);
    }

    /** The last change first. */
    private void undo(int count) {
        for (int i = count - 1; i >= 0; i--) {
            undo.undone(kinds[at(i)], subjects[at(i)], i == 0);
        }
    }

    private void pop() {
        drop();
        while (size > 0 && kinds[head] == COPY_END) {
            drop();
        }
    }

    private void drop() {
        count(kinds[head], subjects[head], -1);
        subjects[head] = null;
        head = (head + 1) & (kinds.length - 1);
        size--;
    }

    private void count(byte kind, @Nullable Object subject, int change) {
        if (isReady(kind)) {
            readies += change;
        } else if (subject instanceof SharedStatement
                || (subject instanceof ClientStatements.Named
                        && kind != BIND
                        && kind != DESCRIBE)) {
            changes += change;
        }
    }

    private static boolean isReady(byte kind) {
        return kind == SYNC || kind == QUERY || kind == FUNCTION;
    }

    private byte first() {
        return size == 0 ? 0 : kinds[head];
    }

    private int at(int index) {
        return (head + index) & (kinds.length - 1);
    }

    private void add(byte kind, @Nullable Object subject) {
        if (size == kinds.length) {
            byte[] moreKinds = new byte[2 * size];
            @Nullable Object[] moreSubjects = new @Nullable Object[2 * size];
            for (int i = 0; i < size; i++) {
                moreKinds[i] = kinds[at(i)];
                moreSubjects[i] = subjects[at(i)];
            }
            kinds = moreKinds;
            subjects = moreSubjects;
            head = 0;
        }
        count(kind, subject, 1);
        int end = at(size);
        kinds[end] = kind;
        subjects[end] = subject;
        size++;
    }

    /** What the next answer is about. */
    public @Nullable Object subject() {
        return size == 0 ? null : subjects[head];
    }

    /** Whether a subject is among what is expected with this kind. */
    public boolean isExpected(byte kind, Object subject) {
        for (int i = 0; i < size; i++) {
            if (kinds[at(i)] == kind && subject.equals(subjects[at(i)])) {
                return true;
            }
        }
        return false;
    }

    /** How many answers are due. */
    public int size() {
        return size;
    }

    /** Whether the server has yet to say how a transaction ended that was sent before. */
    public boolean isReadyDue() {
        return readies > 0;
    }

    /** How many times the server has yet to say that it is ready. */
    public int readiesDue() {
        return readies;
    }

    /** Whether it is still open which statements there will be, on either side. */
    public boolean isChangeDue() {
        return changes > 0;
    }

    /** Whether everything is answered and nothing waits for a Sync. */
    public boolean isSettled() {
        return size == 0 && !unsynced && !skipping && !copyIn;
    }

    /** Whether a Sync, or a message that is as good, was the last that was sent. */
    public boolean isSynced() {
        return !unsynced && !copyIn;
    }

    /** Whether the server skips what it is sent until the next Sync. */
    public boolean isSkipping() {
        return skipping;
    }

    /** Whether it cannot be known what is due: the connection is good for its client only. */
    public boolean isDoubtful() {
        return doubtful;
    }
}
