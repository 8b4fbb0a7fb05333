package dev.sluice.walservice.wal;

import dev.sluice.wire.Lsn;
import java.util.Optional;

/**
 * One WAL record, taken apart down to what every resource manager shares: its header, the blocks it
 * refers to, their images and data, and its main data. Source: {@code access/xlogrecord.h}.
 *
 * <p>The record's bytes stay where they are: block data and main data are given as offsets into
 * {@link #raw}. Immutable as long as nobody writes to that array.
 *
 * <p>Methods that take a block id throw {@link IllegalArgumentException} for a block that the
 * record does not have.
 */
public final class WalRecord {
    /** {@code SizeOfXLogRecord}: bytes of the fixed header. */
    public static final int HEADER_SIZE = 24;

    /** {@code XLogRecordMaxSize}: no record is longer, header included. */
    public static final int MAX_LENGTH = 1020 * 1024 * 1024;

    /** {@code XLR_MAX_BLOCK_ID}. */
    public static final int MAX_BLOCK_ID = 32;

    /** {@code XLR_RMGR_INFO_MASK}: the bits of {@link #info} that belong to the manager. */
    public static final int RMGR_INFO_MASK = 0xF0;

    /** {@code XLR_CHECK_CONSISTENCY}: images are there to be compared with what redo makes. */
    public static final int CHECK_CONSISTENCY = 0x02;

    /** {@code XLOG_SWITCH}: the rest of the segment is unused. */
    public static final int XLOG_SWITCH = 0x40;

    /** {@code XLOG_OVERWRITE_CONTRECORD}: takes the place of a record that a crash cut off. */
    public static final int XLOG_OVERWRITE_CONTRECORD = 0xD0;

    private final byte[] raw;
    private final Lsn start;
    private final Lsn end;
    private final RecordStructure structure;

    private WalRecord(byte[] raw, Lsn start, Lsn end, RecordStructure structure) {
        this.raw = raw;
        this.start = start;
        this.end = end;
        this.structure = structure;
    }

    /**
     * Takes a record apart. The structure is checked whole: afterwards every offset and length that
     * this object gives lies inside {@code raw}. The checksum is not looked at: {@link WalDecoder}
     * does that before it calls this, and {@link RecordCrc} for anybody else.
     *
     * @param raw the record, contiguous, from its 24-byte header to its last byte; kept, not copied
     * @param start where the header begins in the WAL
     * @param end where the record ends in the WAL, see {@link #end}
     * @throws WalFormatException if it is not a well-formed record
     */
    public static WalRecord parse(byte[] raw, Lsn start, Lsn end) throws WalFormatException {
        return new WalRecord(raw, start, end, RecordStructure.parse(raw, start));
    }

    /** Where the record's header begins. */
    public Lsn start() {
        return start;
    }

    /**
     * Just past the record's last byte, aligned to 8: what Postgres calls {@code EndRecPtr} and
     * writes as the LSN of the pages that the record changes. On a page's first byte when the
     * record fills the page before; the next record then begins after that page's header. For an
     * XLOG_SWITCH, the end of its segment.
     */
    public Lsn end() {
        return end;
    }

    /** Where the record before this one begins ({@code xl_prev}); 0 for the first of a cluster. */
    public Lsn prev() {
        return new Lsn(RecordHeader.prev(raw));
    }

    /** The record's bytes, header included. Not a copy: do not write to it. */
    public byte[] raw() {
        return raw;
    }

    /** Bytes of the whole record, header included ({@code xl_tot_len}). */
    public int totalLength() {
        return raw.length;
    }

    /** The transaction that wrote it, an unsigned 32-bit id; 0 if none ({@code xl_xid}). */
    public int xid() {
        return RecordHeader.xid(raw);
    }

    /** All eight bits of {@code xl_info}. */
    public int info() {
        return RecordHeader.info(raw);
    }

    /** The bits of {@link #info} that the resource manager defines, 0x00 to 0xF0. */
    public int rmgrInfo() {
        return info() & RMGR_INFO_MASK;
    }

    /** {@code xl_rmid}, see {@link ResourceManager}. */
    public int resourceManager() {
        return RecordHeader.resourceManager(raw);
    }

    /** The replication origin, 1 to 65535; 0 if none. */
    public int originId() {
        return structure.originId;
    }

    /** The top-level transaction, for a subtransaction's first records under logical WAL; or 0. */
    public int topLevelXid() {
        return structure.topLevelXid;
    }

    /** Whether this is the XLOG_SWITCH record, after which the rest of the segment is unused. */
    public boolean isSwitch() {
        return RecordHeader.isXlog(raw, XLOG_SWITCH);
    }

    /** Where the main data begins in {@link #raw}. */
    public int mainOffset() {
        return raw.length - structure.mainLength;
    }

    /** Bytes of main data, which are the record's last. */
    public int mainLength() {
        return structure.mainLength;
    }

    /** The highest block id + 1; 0 if the record refers to no block. Ids may have holes. */
    public int blockCount() {
        return structure.blockCount();
    }

    public boolean hasBlock(int id) {
        return structure.hasBlock(id);
    }

    public RelFileLocator blockRelation(int id) {
        return structure.relation(id);
    }

    public Fork blockFork(int id) {
        return Fork.ofNumber(structure.get(id, RecordStructure.FLAGS) & RecordStructure.FORK_MASK);
    }

    /** The block's number in its fork, an unsigned 32-bit number. */
    public int blockNumber(int id) {
        return structure.get(id, RecordStructure.BLOCK_NUMBER);
    }

    /** Whether the record carries an image of the block. It may be there only to be compared. */
    public boolean blockHasImage(int id) {
        return (structure.get(id, RecordStructure.FLAGS) & RecordStructure.HAS_IMAGE) != 0;
    }

    /** Whether redo of this block is: take the image ({@code BKPIMAGE_APPLY}). */
    public boolean blockImageApplies(int id) {
        return blockHasImage(id)
                && (structure.get(id, RecordStructure.IMAGE_INFO) & PageImage.APPLY) != 0;
    }

    /** Whether redo makes the page from nothing, whatever it held ({@code BKPBLOCK_WILL_INIT}). */
    public boolean blockWillInit(int id) {
        return (structure.get(id, RecordStructure.FLAGS) & RecordStructure.WILL_INIT) != 0;
    }

    public boolean blockHasData(int id) {
        return (structure.get(id, RecordStructure.FLAGS) & RecordStructure.HAS_DATA) != 0;
    }

    /** Where the block's data begins in {@link #raw}; its length may be 0. */
    public int blockDataOffset(int id) {
        return structure.get(id, RecordStructure.DATA_OFFSET);
    }

    /** Bytes of the block's data, 0 to 65535. */
    public int blockDataLength(int id) {
        return structure.get(id, RecordStructure.DATA_LENGTH);
    }

    /** Bytes of the block's image as stored, compressed or not; 0 if there is none. */
    public int blockImageLength(int id) {
        return structure.get(id, RecordStructure.IMAGE_LENGTH);
    }

    /** Where the hole of zeros begins that the block's image leaves out; 0 if there is none. */
    public int blockHoleOffset(int id) {
        return structure.get(id, RecordStructure.HOLE_OFFSET);
    }

    /** Bytes of the hole of zeros that the block's image leaves out. */
    public int blockHoleLength(int id) {
        return structure.get(id, RecordStructure.HOLE_LENGTH);
    }

    /** How the block's image is compressed; empty if it is not or there is none. */
    public Optional<String> blockImageCompression(int id) {
        return PageImage.compression(structure.get(id, RecordStructure.IMAGE_INFO));
    }

    /**
     * Writes the block's image into the first 8192 bytes of {@code page}: decompressed (pglz, lz4,
     * zstd) and with its hole of zeros put back. The page's LSN is as it was when the image was
     * taken; redo sets it to {@link #end}.
     *
     * @throws IllegalArgumentException if the block has no image
     * @throws WalFormatException if the image does not decompress to the page's length
     */
    public void restoreImage(int id, byte[] page) throws WalFormatException {
        if (!blockHasImage(id)) {
            throw new IllegalArgumentException(
                    "the record at " + start + " has no image of block " + id);
        }
        PageImage image =
                new PageImage(
                        structure.get(id, RecordStructure.IMAGE_OFFSET),
                        structure.get(id, RecordStructure.IMAGE_LENGTH),
                        structure.get(id, RecordStructure.HOLE_OFFSET),
                        structure.get(id, RecordStructure.HOLE_LENGTH),
                        structure.get(id, RecordStructure.IMAGE_INFO));
        if (!image.restore(raw, page)) {
            throw new WalFormatException(
                    start, "the image of block " + id + " does not decompress to a page");
        }
    }

    /** One line for messages: position, manager, info, length. No data. */
    @Override
    public String toString() {
        return String.format(
                "%s record at %s (info %02X, %d bytes, %d blocks)",
                ResourceManager.nameOf(resourceManager()),
                start,
                info(),
                totalLength(),
                blockCount());
    }
}
