package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.consensus.ConsensusProtocol;
import dev.sluice.walservice.consensus.TermHistory;
import dev.sluice.walservice.consensus.TimelineControl;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartProtocolException;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * The file {@code control} of a timeline: a {@link TimelineControl}. Replaced as a whole, by a
 * rename. Big-endian:
 *
 * <pre>
 *    0  magic "SLKC"
 *    4  u32 version, 3
 *    8  u32 bytes of payload
 *   12  u32 CRC32C of the first twelve bytes and the payload
 *   16  payload: tenant id (16), timeline id (16), u64 system identifier, u32 Postgres major,
 *       configuration as in {@link ConsensusProtocol}, u64 start LSN, u64 term,
 *       u64 votes-above term, u64 commit LSN,
 *       u32 history entries, entries x { u64 term, u64 start LSN }
 * </pre>
 *
 * <p>Version 2 has a generation, always 0, in the place of the configuration: it was not set.
 */
final class ControlFile {
    static final String NAME = "control";

    private static final int MAGIC = 0x534C4B43;
    private static final int VERSION = 3;
    private static final int WITHOUT_CONFIGURATION = 2;
    private static final int HEADER_BYTES = 16;
    private static final int FIXED_PAYLOAD_BYTES = 32 + 8 + 4 + 4 * 8 + 4;
    private static final int ENTRY_BYTES = 16;

    private ControlFile() {}

    /** Makes {@code control} what {@link #read} finds in {@code directory}, durably. */
    static void write(Path directory, TimelineControl control) throws IOException {
        Directories.write(directory, NAME, encode(control));
    }

    /**
     * @throws DamagedFileException if the file is not what {@link #write} wrote
     * @throws IOException if it cannot be read
     */
    static TimelineControl read(Path directory) throws IOException {
        Path path = directory.resolve(NAME);
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path));
        if (bytes.remaining() < HEADER_BYTES) {
            throw new DamagedFileException(path, 0, "it is only " + bytes.remaining() + " bytes");
        }
        if (bytes.getInt(0) != MAGIC) {
            throw new DamagedFileException(
                    path, 0, "its magic is " + Integer.toHexString(bytes.getInt(0)));
        }
        int version = bytes.getInt(4);
        if (version != VERSION && version != WITHOUT_CONFIGURATION) {
            throw new DamagedFileException(
                    path, 4, "its version is " + version + ", known is " + VERSION);
        }
        if (bytes.getInt(8) != bytes.limit() - HEADER_BYTES) {
            throw new DamagedFileException(
                    path,
                    8,
                    "it announces "
                            + bytes.getInt(8)
                            + " bytes and has "
                            + (bytes.limit() - HEADER_BYTES));
        }
        if (bytes.getInt(12) != checksum(bytes)) {
            throw new DamagedFileException(path, 12, "it fails its checksum");
        }
        try {
            return decode(version, bytes.position(HEADER_BYTES));
        } catch (BufferUnderflowException | PartProtocolException e) {
            throw new DamagedFileException(path, HEADER_BYTES, "it is inconsistent: " + e);
        }
    }

    private static ByteBuffer encode(TimelineControl control) {
        int payload =
                FIXED_PAYLOAD_BYTES
                        + ConsensusProtocol.configurationBytes(control.configuration())
                        + ENTRY_BYTES * control.history().entries().size();
        ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES + payload);
        out.putInt(MAGIC).putInt(VERSION).putInt(payload).putInt(0);
        ConsensusProtocol.putId(out, control.id());
        out.putLong(control.systemIdentifier()).putInt(control.postgresMajor());
        ConsensusProtocol.putConfiguration(out, control.configuration());
        out.putLong(control.start().value());
        out.putLong(control.term().number()).putLong(control.votesAbove().number());
        out.putLong(control.commit().value());
        ConsensusProtocol.putHistory(out, control.history());
        out.flip();
        return out.putInt(12, checksum(out));
    }

    private static TimelineControl decode(int version, ByteBuffer in) throws PartProtocolException {
        TenantTimelineId id = ConsensusProtocol.id(in);
        long systemIdentifier = in.getLong();
        int postgresMajor = in.getInt();
        Configuration configuration =
                version == VERSION ? ConsensusProtocol.configuration(in) : unset(in);
        Lsn start = new Lsn(in.getLong());
        Term term = ConsensusProtocol.term(in);
        Term votesAbove = ConsensusProtocol.term(in);
        Lsn commit = new Lsn(in.getLong());
        TermHistory history = ConsensusProtocol.history(in);
        if (in.hasRemaining()) {
            throw new PartProtocolException(in.remaining() + " bytes too many");
        }
        return new TimelineControl(
                id,
                systemIdentifier,
                postgresMajor,
                configuration,
                start,
                term,
                votesAbove,
                history,
                commit);
    }

    private static Configuration unset(ByteBuffer in) throws PartProtocolException {
        long generation = in.getLong();
        if (generation != 0) {
            throw new PartProtocolException("generation " + generation + " without members");
        }
        return Configuration.UNSET;
    }

    private static int checksum(ByteBuffer file) {
        CRC32C crc = new CRC32C();
        crc.update(file.slice(0, 12));
        crc.update(file.slice(HEADER_BYTES, file.limit() - HEADER_BYTES));
        return (int) crc.getValue();
    }
}
