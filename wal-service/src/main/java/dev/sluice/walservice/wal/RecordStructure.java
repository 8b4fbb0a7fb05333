package dev.sluice.walservice.wal;

import dev.sluice.wire.Lsn;
import java.util.Arrays;

/**
 * What lies where in a record, found by walking the headers after the fixed one. Source: {@code
 * DecodeXLogRecord} in {@code access/transam/xlogreader.c}, with the same checks and a few that
 * Postgres leaves to its callers (fork number, hole inside the page, one compression at most).
 *
 * <p>Headers come first, then the data they announce in the same order: for each block its image,
 * its data; then the main data. Blocks are rows of {@link #STRIDE} ints in one array, so that a
 * record costs two objects however many blocks it has.
 */
final class RecordStructure {
    static final int FLAGS = 0;
    static final int BLOCK_NUMBER = 1;
    static final int DATA_OFFSET = 2;
    static final int DATA_LENGTH = 3;
    static final int IMAGE_OFFSET = 4;
    static final int IMAGE_LENGTH = 5;
    static final int HOLE_OFFSET = 6;
    static final int HOLE_LENGTH = 7;
    static final int IMAGE_INFO = 8;
    private static final int TABLESPACE = 9;
    private static final int DATABASE = 10;
    private static final int RELATION = 11;
    private static final int STRIDE = 12;

    static final int FORK_MASK = 0x0F;
    static final int HAS_IMAGE = 0x10;
    static final int HAS_DATA = 0x20;
    static final int WILL_INIT = 0x40;
    private static final int SAME_REL = 0x80;

    /** Set in {@link #FLAGS} of a row in use; above the eight bits that WAL carries. */
    private static final int IN_USE = 0x100;

    private static final int ID_TOPLEVEL_XID = 252;
    private static final int ID_ORIGIN = 253;
    private static final int ID_DATA_LONG = 254;
    private static final int ID_DATA_SHORT = 255;
    private static final int[] NO_BLOCKS = {};

    private final byte[] raw;
    private final Lsn start;
    private int position = WalRecord.HEADER_SIZE;
    private long announced;
    private int relationRow = -1;
    private int[] blocks = NO_BLOCKS;

    int originId;
    int topLevelXid;
    int mainLength;

    private RecordStructure(byte[] raw, Lsn start) {
        this.raw = raw;
        this.start = start;
    }

    static RecordStructure parse(byte[] raw, Lsn start) throws WalFormatException {
        if (raw.length < WalRecord.HEADER_SIZE) {
            throw new WalFormatException(start, "a record of " + raw.length + " bytes");
        }
        RecordHeader.checkLength(RecordHeader.totalLength(raw), start);
        RecordHeader.checkManager(raw, start);
        if (RecordHeader.totalLength(raw) != raw.length) {
            throw new WalFormatException(
                    start,
                    "record length "
                            + RecordHeader.totalLength(raw)
                            + ", but "
                            + raw.length
                            + " bytes of it");
        }
        RecordStructure structure = new RecordStructure(raw, start);
        structure.readHeaders();
        structure.placeData();
        return structure;
    }

    int blockCount() {
        return blocks.length / STRIDE;
    }

    boolean hasBlock(int id) {
        return id >= 0 && id < blockCount() && (blocks[id * STRIDE + FLAGS] & IN_USE) != 0;
    }

    int get(int id, int field) {
        if (!hasBlock(id)) {
            throw new IllegalArgumentException("the record at " + start + " has no block " + id);
        }
        return blocks[id * STRIDE + field];
    }

    RelFileLocator relation(int id) {
        return new RelFileLocator(get(id, TABLESPACE), get(id, DATABASE), get(id, RELATION));
    }

    private void readHeaders() throws WalFormatException {
        while (raw.length - position > announced) {
            int id = readByte();
            switch (id) {
                case ID_DATA_SHORT -> {
                    readMainLength(readByte());
                    return;
                }
                case ID_DATA_LONG -> {
                    readMainLength(Integer.toUnsignedLong(readInt()));
                    return;
                }
                case ID_ORIGIN -> originId = readShort();
                case ID_TOPLEVEL_XID -> topLevelXid = readInt();
                default -> readBlock(id);
            }
        }
    }

    private void readMainLength(long length) throws WalFormatException {
        if (length > raw.length - position) {
            throw tooShort();
        }
        mainLength = (int) length;
        announced += length;
    }

    private void readBlock(int id) throws WalFormatException {
        if (id > WalRecord.MAX_BLOCK_ID || id < blockCount()) {
            throw damaged("block id " + id + " after " + (blockCount() - 1));
        }
        blocks = Arrays.copyOf(blocks, (id + 1) * STRIDE);
        int row = id * STRIDE;
        int flags = readByte();
        if ((flags & FORK_MASK) > Fork.INIT.number()) {
            throw damaged("block " + id + " has fork " + (flags & FORK_MASK));
        }
        int dataLength = readShort();
        if (((flags & HAS_DATA) != 0) != (dataLength != 0)) {
            throw damaged("block " + id + " has flags " + flags + " and data of " + dataLength);
        }
        blocks[row + FLAGS] = flags | IN_USE;
        blocks[row + DATA_LENGTH] = dataLength;
        announced += dataLength;
        if ((flags & HAS_IMAGE) != 0) {
            readImage(id, row);
        }
        if ((flags & SAME_REL) == 0) {
            blocks[row + TABLESPACE] = readInt();
            blocks[row + DATABASE] = readInt();
            blocks[row + RELATION] = readInt();
        } else if (relationRow < 0) {
            throw damaged("block " + id + " is of the same relation as a block before, but first");
        } else {
            System.arraycopy(blocks, relationRow + TABLESPACE, blocks, row + TABLESPACE, 3);
        }
        relationRow = row;
        blocks[row + BLOCK_NUMBER] = readInt();
    }

    private void readImage(int id, int row) throws WalFormatException {
        int length = readShort();
        int holeOffset = readShort();
        int info = readByte();
        boolean compressed = (info & PageImage.COMPRESSED) != 0;
        int holeLength = PageImage.PAGE_SIZE - length;
        if (compressed) {
            holeLength = (info & PageImage.HAS_HOLE) != 0 ? readShort() : 0;
        }
        String problem = PageImage.problem(length, holeOffset, holeLength, info);
        if (problem != null) {
            throw damaged("the image of block " + id + " has " + problem);
        }
        blocks[row + IMAGE_LENGTH] = length;
        blocks[row + HOLE_OFFSET] = holeOffset;
        blocks[row + HOLE_LENGTH] = holeLength;
        blocks[row + IMAGE_INFO] = info;
        announced += length;
    }

    private void placeData() throws WalFormatException {
        if (raw.length - position != announced) {
            throw damaged(
                    "the headers announce "
                            + announced
                            + " bytes of data, there are "
                            + (raw.length - position));
        }
        for (int row = 0; row < blocks.length; row += STRIDE) {
            blocks[row + IMAGE_OFFSET] = position;
            position += blocks[row + IMAGE_LENGTH];
            blocks[row + DATA_OFFSET] = position;
            position += blocks[row + DATA_LENGTH];
        }
    }

    private int readByte() throws WalFormatException {
        return Byte.toUnsignedInt(raw[take(1)]);
    }

    private int readShort() throws WalFormatException {
        return RecordHeader.shortAt(raw, take(2));
    }

    private int readInt() throws WalFormatException {
        return RecordHeader.intAt(raw, take(4));
    }

    private int take(int bytes) throws WalFormatException {
        if (raw.length - position < bytes) {
            throw tooShort();
        }
        int at = position;
        position += bytes;
        return at;
    }

    private WalFormatException tooShort() {
        return damaged("the headers run past its " + raw.length + " bytes");
    }

    private WalFormatException damaged(String problem) {
        return new WalFormatException(start, "damaged record: " + problem);
    }
}
