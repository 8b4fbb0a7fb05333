package dev.sluice.storage.layer;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.layer.LayerDescriptor.Kind;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What there is of a timeline on disk: the one file that says which layers count. Published whole,
 * by rename. All integers are big-endian.
 *
 * <pre>
 * Index   --&gt; Magic(u32 "SLTI") Version(u16) Length(u32 of the whole file)
 *             Tenant(16) Timeline(16) PostgresMajor(u16) Start(u64)
 *             HasAncestor(u8) Ancestor(16) AncestorLsn(u64)
 *             DiskConsistent(u64) PreviousRecord(u64) NextNumber(u64)
 *             Layers(u32) Layer* Crc(u32)
 * Layer   --&gt; Number(u64) Kind(u16) First(18) Last(18) After(u64) UpTo(u64) Bytes(u64) Checksum(u32)
 * </pre>
 *
 * @param id whose
 * @param postgresMajor 17, 18, …
 * @param start where its own WAL begins
 * @param ancestor the timeline it is a branch of, in the same tenant
 * @param ancestorLsn what of the ancestor belongs to it; invalid without one
 * @param diskConsistentLsn everything up to this record end is in the layers
 * @param previousRecord where the record that ends there begins; invalid when not known
 * @param nextNumber of the next layer file
 */
public record TimelineIndex(
        TenantTimelineId id,
        int postgresMajor,
        Lsn start,
        @Nullable TimelineId ancestor,
        Lsn ancestorLsn,
        Lsn diskConsistentLsn,
        Lsn previousRecord,
        long nextNumber,
        List<LayerDescriptor> layers) {
    public static final String FILE_NAME = "timeline.index";

    private static final int MAGIC = 0x534C5449;
    private static final int VERSION = 1;
    private static final int FIXED_BYTES = 4 + 2 + 4 + 16 + 16 + 2 + 8 + 1 + 16 + 8 + 8 + 8 + 8 + 4;
    private static final int LAYER_BYTES = 8 + 2 + 2 * Key.BYTES + 8 + 8 + 8 + 4;

    public TimelineIndex {
        layers = List.copyOf(layers);
    }

    /** Replaces the index in a timeline's directory; durable on return. */
    public void publish(Path directory) throws IOException {
        int length = FIXED_BYTES + layers.size() * LAYER_BYTES + 4;
        ByteBuffer out = ByteBuffer.allocate(length);
        out.putInt(MAGIC).putShort((short) VERSION).putInt(length);
        out.putLong(id.tenant().high()).putLong(id.tenant().low());
        put(out, id.timeline());
        out.putShort((short) postgresMajor).putLong(start.value());
        out.put((byte) (ancestor == null ? 0 : 1));
        put(out, ancestor == null ? new TimelineId(0, 0) : ancestor);
        out.putLong(ancestorLsn.value())
                .putLong(diskConsistentLsn.value())
                .putLong(previousRecord.value())
                .putLong(nextNumber)
                .putInt(layers.size());
        for (LayerDescriptor layer : layers) {
            put(out, layer);
        }
        out.putInt(LayerFormat.crc(out.array(), 0, length - 4));
        DurableFiles.replace(directory.resolve(FILE_NAME), out.flip());
    }

    private static void put(ByteBuffer out, TimelineId timeline) {
        out.putLong(timeline.high()).putLong(timeline.low());
    }

    private static void put(ByteBuffer out, LayerDescriptor layer) {
        out.putLong(layer.number()).putShort((short) layer.kind().number());
        layer.first().write(out);
        layer.last().write(out);
        out.putLong(layer.after().value())
                .putLong(layer.upTo().value())
                .putLong(layer.bytes())
                .putInt(layer.checksum());
    }

    /**
     * Reads the index of a timeline's directory.
     *
     * @throws LayerDamagedException if it is not exactly what {@link #publish} writes
     */
    public static TimelineIndex read(Path directory) throws IOException {
        Path file = directory.resolve(FILE_NAME);
        byte[] bytes = Files.readAllBytes(file);
        ByteBuffer in = ByteBuffer.wrap(bytes);
        if (bytes.length < FIXED_BYTES + 4 || in.getInt() != MAGIC) {
            throw new LayerDamagedException(file, 0, "not a timeline's index");
        }
        int version = in.getShort();
        if (in.getInt() != bytes.length) {
            throw new LayerDamagedException(file, 6, "its length is " + bytes.length);
        }
        if (LayerFormat.crc(bytes, 0, bytes.length - 4) != in.getInt(bytes.length - 4)) {
            throw new LayerDamagedException(file, 0, "it fails its checksum");
        }
        if (version != VERSION) {
            throw new LayerDamagedException(file, 4, "version " + version + " is not known");
        }
        return read(file, in);
    }

    private static TimelineIndex read(Path file, ByteBuffer in) throws IOException {
        TenantId tenant = new TenantId(in.getLong(), in.getLong());
        TenantTimelineId id = new TenantTimelineId(tenant, readTimeline(in));
        int postgresMajor = in.getShort();
        Lsn start = new Lsn(in.getLong());
        boolean hasAncestor = in.get() != 0;
        TimelineId ancestor = readTimeline(in);
        Lsn ancestorLsn = new Lsn(in.getLong());
        Lsn diskConsistent = new Lsn(in.getLong());
        Lsn previous = new Lsn(in.getLong());
        long nextNumber = in.getLong();
        int count = in.getInt();
        if (count < 0 || (long) count * LAYER_BYTES + 4 != in.remaining()) {
            throw new LayerDamagedException(file, in.position() - 4, count + " layers do not fit");
        }
        List<LayerDescriptor> layers = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            layers.add(readLayer(file, in));
        }
        return new TimelineIndex(
                id,
                postgresMajor,
                start,
                hasAncestor ? ancestor : null,
                ancestorLsn,
                diskConsistent,
                previous,
                nextNumber,
                layers);
    }

    private static TimelineId readTimeline(ByteBuffer in) {
        return new TimelineId(in.getLong(), in.getLong());
    }

    private static LayerDescriptor readLayer(Path file, ByteBuffer in) throws IOException {
        long number = in.getLong();
        int kind = in.getShort();
        if (!Kind.isNumber(kind)) {
            throw new LayerDamagedException(file, in.position() - 2, "no such layer kind: " + kind);
        }
        return new LayerDescriptor(
                number,
                Kind.ofNumber(kind),
                Key.read(in),
                Key.read(in),
                new Lsn(in.getLong()),
                new Lsn(in.getLong()),
                in.getLong(),
                in.getInt());
    }
}
