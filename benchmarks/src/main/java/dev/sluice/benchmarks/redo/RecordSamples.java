package dev.sluice.benchmarks.redo;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.postgres.v17.Postgres17;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalFormatException;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.wire.Lsn;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Changes of pages, each with the page as it was before, drawn at random by the type of their
 * record from {@link RecordedWal}. They are kept in a file, because every JMH fork wants them.
 */
final class RecordSamples implements PageRedo {

    /** How many are drawn of each type. */
    static final int OF_EACH = 64;

    /** The commit log's changes, which no record registers. */
    static final String COMMIT = "Transaction COMMIT";

    /**
     * @param before the page
     * @param record the change as a record; null for one that is none
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Sample(Key key, byte[] before, Value value, Lsn end, @Nullable WalRecord record) {}

    /** Where {@code benchmarks/micro} keeps them. */
    private static final Path FILE = Path.of(System.getProperty("sluice.benchmarks.samples"));

    private final PageRedo redo = Postgres17.INSTANCE.redo();
    private final Random random = new Random(17);
    private final Map<String, List<Sample>> samples = new TreeMap<>();
    private final Map<String, Integer> met = new TreeMap<>();

    private RecordSamples() {}

    /** {@link #OF_EACH} samples of a type, named as {@code pg_waldump} names it. */
    static List<Sample> of(String type) throws Exception {
        if (!Files.exists(FILE)) {
            RecordSamples drawn = new RecordSamples();
            RecordedWal.replay(drawn);
            drawn.write();
        }
        Map<String, List<Sample>> all = read();
        List<Sample> found = all.getOrDefault(type, List.of());
        if (found.size() < OF_EACH) {
            throw new IOException(
                    found.size() + " samples of " + type + "; there are " + all.keySet());
        }
        return found;
    }

    @Override
    public void apply(Key key, byte[] page, Value change, Lsn end) throws RedoException {
        draw(COMMIT, new Sample(key, page, change, end, null));
        redo.apply(key, page, change, end);
    }

    @Override
    public void apply(Key key, byte[] page, WalRecord record) throws RedoException {
        draw(
                Postgres17.INSTANCE.recordType(record),
                new Sample(key, page, new Value.Wal(record.raw(), false), record.end(), record));
        redo.apply(key, page, record);
    }

    private void draw(String type, Sample sample) {
        int count = met.merge(type, 1, Integer::sum);
        List<Sample> drawn = samples.computeIfAbsent(type, _ -> new ArrayList<>());
        int place = count <= OF_EACH ? drawn.size() : random.nextInt(count);
        if (place >= OF_EACH) {
            return;
        }
        Sample kept =
                new Sample(
                        sample.key, sample.before.clone(), sample.value, sample.end, sample.record);
        if (place == drawn.size()) {
            drawn.add(kept);
        } else {
            drawn.set(place, kept);
        }
    }

    private void write() throws IOException {
        Path temporary = FILE.resolveSibling(FILE.getFileName() + ".tmp");
        try (DataOutputStream out =
                new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(temporary)))) {
            for (Map.Entry<String, List<Sample>> type : samples.entrySet()) {
                for (Sample sample : type.getValue()) {
                    out.writeUTF(type.getKey());
                    write(sample, out);
                }
            }
            out.writeUTF("");
        }
        Files.move(temporary, FILE);
    }

    private static void write(Sample sample, DataOutputStream out) throws IOException {
        byte[] key = new byte[Key.BYTES];
        sample.key.write(ByteBuffer.wrap(key));
        out.write(key);
        out.write(sample.before);
        out.writeLong(sample.end.value());
        byte[] bytes =
                sample.value instanceof Value.Change change
                        ? change.bytes()
                        : ((Value.Wal) sample.value).record();
        out.writeBoolean(sample.record != null);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static Map<String, List<Sample>> read() throws IOException {
        Map<String, List<Sample>> samples = new TreeMap<>();
        try (DataInputStream in =
                new DataInputStream(new BufferedInputStream(Files.newInputStream(FILE)))) {
            for (String type = in.readUTF(); !type.isEmpty(); type = in.readUTF()) {
                samples.computeIfAbsent(type, _ -> new ArrayList<>()).add(read(in));
            }
        }
        return samples;
    }

    private static Sample read(DataInputStream in) throws IOException {
        Key key = Key.read(ByteBuffer.wrap(in.readNBytes(Key.BYTES)));
        byte[] before = in.readNBytes(Page.SIZE);
        Lsn end = new Lsn(in.readLong());
        boolean isRecord = in.readBoolean();
        byte[] bytes = in.readNBytes(in.readInt());
        return isRecord
                ? new Sample(key, before, new Value.Wal(bytes, false), end, parse(bytes, end))
                : new Sample(key, before, new Value.Change(bytes), end, null);
    }

    private static WalRecord parse(byte[] bytes, Lsn end) throws WalFormatException {
        return WalRecord.parse(bytes, end, end);
    }
}
