package dev.sluice.gateway.http;

import io.vertx.core.buffer.Buffer;

/**
 * Takes out of what a WebSocket's client sends (RFC 6455, section 5) what its binary frames carry,
 * as it comes: a frame may be of any length, and only what belongs to frames of control, 125 bytes
 * at most, is kept. For one thread.
 */
final class WebSocketReader {
    /** Close codes (RFC 6455, section 7.4.1). */
    static final short NORMAL = 1000;

    static final short PROTOCOL_ERROR = 1002;
    static final short UNSUPPORTED_DATA = 1003;

    private static final int CONTINUATION = 0;
    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;
    private static final int MAX_CONTROL = 125;
    private static final int LONGEST_HEAD = 14;
    private static final int MASK = 4;

    /** Who is told; not any more after {@code closed} or {@code refused}. */
    interface Listener {
        /** More of what binary frames carry. */
        void carried(Buffer bytes);

        /** To be answered with the same. */
        void pinged(Buffer bytes);

        /**
         * The client ends the connection.
         *
         * @param bytes code and reason, to be sent back; or nothing
         */
        void closed(Buffer bytes);

        /**
         * What came is not taken here.
         *
         * @param code to close with
         */
        void refused(short code, String why);
    }

    private final Listener listener;
    private final byte[] head = new byte[LONGEST_HEAD];
    private int headCome;
    private int headLength = 2;
    private int opcode;
    private long left;
    private int maskAt;
    private boolean inMessage;
    private Buffer control = Buffer.buffer();
    private boolean over;

    WebSocketReader(Listener listener) {
        this.listener = listener;
    }

    /** More has come. Its bytes are changed. */
    void read(Buffer in) {
        int at = 0;
        while (at < in.length() && !over) {
            if (headCome < headLength) {
                head[headCome++] = in.getByte(at++);
                headLength = lengthOfHead();
                if (headCome == headLength && headIsRight()) {
                    begin();
                }
            } else {
                int part = (int) Math.min(left, in.length() - at);
                unmask(in, at, part);
                left -= part;
                body(in.slice(at, at + part));
                at += part;
            }
        }
    }

    private int lengthOfHead() {
        if (headCome < 2) {
            return 2;
        }
        return 2
                + MASK
                + switch (head[1] & 0x7f) {
                    case 126 -> Short.BYTES;
                    case 127 -> Long.BYTES;
                    default -> 0;
                };
    }

    private boolean headIsRight() {
        opcode = head[0] & 0x0f;
        boolean last = (head[0] & 0x80) != 0;
        left = lengthOfBody();
        if ((head[0] & 0x70) != 0) {
            return refuse("an extension that was not agreed on");
        }
        if ((head[1] & 0x80) == 0) {
            return refuse("a frame that is not masked");
        }
        if (left < 0) {
            return refuse("a frame of a negative length");
        }
        return switch (opcode) {
            case CONTINUATION, BINARY -> {
                if ((opcode == CONTINUATION) != inMessage) {
                    yield refuse("a message that is in pieces, and another");
                }
                inMessage = !last;
                yield true;
            }
            case CLOSE, PING, PONG -> {
                if (!last || left > MAX_CONTROL) {
                    yield refuse("a frame of control that is too long");
                }
                yield true;
            }
            case TEXT -> {
                over = true;
                listener.refused(UNSUPPORTED_DATA, "binary frames only");
                yield false;
            }
            default -> refuse("a frame of an unknown kind");
        };
    }

    private long lengthOfBody() {
        int length = head[1] & 0x7f;
        int bytes = headLength - 2 - MASK;
        if (bytes == 0) {
            return length;
        }
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value = value << Byte.SIZE | (head[2 + i] & 0xff);
        }
        return value;
    }

    private boolean refuse(String why) {
        over = true;
        listener.refused(PROTOCOL_ERROR, why);
        return false;
    }

    private void begin() {
        maskAt = 0;
        if (left == 0) {
            body(Buffer.buffer());
        }
    }

    private void unmask(Buffer in, int at, int length) {
        int end = at + length;
        int i = at;
        int four = fourOfMask();
        for (; end - i >= Integer.BYTES; i += Integer.BYTES) {
            in.setInt(i, in.getInt(i) ^ four);
        }
        for (int left = end - i; left > 0; left--, i++) {
            in.setByte(i, (byte) (in.getByte(i) ^ (four >>> (Integer.SIZE - Byte.SIZE))));
            four = Integer.rotateLeft(four, Byte.SIZE);
        }
        maskAt += length;
    }

    /** The mask of the next four bytes, the first of them in the highest. */
    private int fourOfMask() {
        int four = 0;
        for (int i = 0; i < MASK; i++) {
            four = four << Byte.SIZE | (head[headLength - MASK + ((maskAt + i) & 3)] & 0xff);
        }
        return four;
    }

    private void body(Buffer part) {
        boolean whole = left == 0;
        if (whole) {
            headCome = 0;
            headLength = 2;
        }
        if (opcode < CLOSE) {
            if (part.length() > 0) {
                listener.carried(part);
            }
            return;
        }
        control.appendBuffer(part);
        if (whole) {
            Buffer all = control;
            control = Buffer.buffer();
            controlled(all);
        }
    }

    private void controlled(Buffer bytes) {
        switch (opcode) {
            case PING -> listener.pinged(bytes);
            case CLOSE -> {
                if (bytes.length() == 1) {
                    var _ = refuse("a code of one byte");
                } else {
                    over = true;
                    listener.closed(bytes);
                }
            }
            default -> {
                // a pong asks nothing
            }
        }
    }

    /** A frame with bytes of Postgres's. */
    static Buffer binary(Buffer bytes) {
        return frame(BINARY, bytes);
    }

    /** The answer to a ping. */
    static Buffer pong(Buffer bytes) {
        return frame(PONG, bytes);
    }

    /** The end, with what {@link Listener#closed} was told. */
    static Buffer close(Buffer bytes) {
        return frame(CLOSE, bytes);
    }

    /** The end, and why. */
    static Buffer close(short code, String why) {
        return close(Buffer.buffer().appendShort(code).appendString(why));
    }

    private static Buffer frame(int opcode, Buffer bytes) {
        Buffer frame =
                Buffer.buffer(bytes.length() + 2 + Long.BYTES).appendByte((byte) (0x80 | opcode));
        if (bytes.length() <= MAX_CONTROL) {
            frame.appendByte((byte) bytes.length());
        } else if (bytes.length() <= 0xffff) {
            frame.appendByte((byte) 126).appendUnsignedShort(bytes.length());
        } else {
            frame.appendByte((byte) 127).appendLong(bytes.length());
        }
        return frame.appendBuffer(bytes);
    }
}
