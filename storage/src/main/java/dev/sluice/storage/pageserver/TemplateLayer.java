package dev.sluice.storage.pageserver;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.layer.LayerDescriptor;
import dev.sluice.storage.layer.LayerFileWriter;
import dev.sluice.storage.layer.TimelineIndex;
import dev.sluice.storage.template.KeySink;
import dev.sluice.storage.template.TemplateImport;
import dev.sluice.storage.timeline.LayerStore;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes a timeline's first layer, an image of all keys, from a data directory. */
final class TemplateLayer implements KeySink {
    private static final long NUMBER = 1;

    private final Path directory;
    private final TenantTimelineId id;
    private @Nullable LayerFileWriter writer;
    private long lsn;

    private TemplateLayer(Path directory, TenantTimelineId id) {
        this.directory = directory;
        this.id = id;
    }

    /**
     * Makes the timeline, durably.
     *
     * @param directory the timeline's, without an index
     * @return where it begins
     */
    static Lsn create(Path directory, TenantTimelineId id, Path template, long systemIdentifier)
            throws IOException {
        TemplateLayer layer = new TemplateLayer(directory, id);
        try {
            TemplateImport.Imported imported =
                    TemplateImport.importInto(template, systemIdentifier, layer);
            LayerDescriptor written = layer.writer().finish();
            LayerStore.create(
                    directory,
                    new TimelineIndex(
                            id,
                            imported.postgresMajor(),
                            imported.end(),
                            null,
                            Lsn.INVALID,
                            imported.end(),
                            imported.lastRecord(),
                            NUMBER + 1,
                            List.of(written)));
            return imported.end();
        } finally {
            if (layer.writer != null) {
                layer.writer.close();
            }
        }
    }

    private LayerFileWriter writer() {
        if (writer == null) {
            throw new IllegalStateException("the import put something before it began");
        }
        return writer;
    }

    @Override
    public void begin(Lsn at) throws IOException {
        lsn = at.value();
        writer =
                new LayerFileWriter(
                        directory, id.timeline(), NUMBER, LayerDescriptor.Kind.IMAGE, at, at);
    }

    @Override
    public void put(Key key, Value.Image image) throws IOException {
        writer().add(key, lsn, image);
    }
}
