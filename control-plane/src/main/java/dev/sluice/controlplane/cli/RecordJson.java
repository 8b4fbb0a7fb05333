package dev.sluice.controlplane.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.storage.inspect.RecordStatistics;
import dev.sluice.storage.inspect.RecordText;
import dev.sluice.storage.postgres.RecordDescriber;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.wire.Lsn;

/** WAL records for programs. */
final class RecordJson {
    private RecordJson() {}

    static ObjectNode of(WalRecord record, RecordDescriber describer) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("lsn", record.start().toString());
        node.put("end", record.end().toString());
        node.put("prev", record.prev().toString());
        node.put("xid", Integer.toUnsignedLong(record.xid()));
        node.put("rmgr", RecordText.managerName(record.resourceManager()));
        node.put("type", describer.type(record));
        node.put("description", describer.describe(record));
        node.put("bytes", record.totalLength());
        node.put("image_bytes", RecordText.imageLength(record));
        ArrayNode blocks = node.putArray("blocks");
        for (int id = 0; id < record.blockCount(); id++) {
            if (record.hasBlock(id)) {
                block(record, id, blocks.addObject());
            }
        }
        return node;
    }

    private static void block(WalRecord record, int id, ObjectNode node) {
        RelFileLocator relation = record.blockRelation(id);
        node.put("id", id);
        node.put("tablespace", Integer.toUnsignedLong(relation.tablespace()));
        node.put("database", Integer.toUnsignedLong(relation.database()));
        node.put("relation", Integer.toUnsignedLong(relation.relation()));
        node.put("fork", RecordText.forkName(record.blockFork(id)));
        node.put("block", Integer.toUnsignedLong(record.blockNumber(id)));
        node.put("data_bytes", record.blockDataLength(id));
        node.put("will_init", record.blockWillInit(id));
        if (record.blockHasImage(id)) {
            ObjectNode image = node.putObject("image");
            image.put("bytes", record.blockImageLength(id));
            image.put("applies", record.blockImageApplies(id));
            image.put("hole_offset", record.blockHoleOffset(id));
            image.put("hole_length", record.blockHoleLength(id));
            record.blockImageCompression(id).ifPresent(name -> image.put("compression", name));
        }
    }

    static ObjectNode statistics(RecordStatistics statistics, Lsn from, Lsn to) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("from", from.toString());
        node.put("to", to.toString());
        ArrayNode types = node.putArray("types");
        statistics.counts().forEach(count -> count(count, types.addObject()));
        count(statistics.total(), node.putObject("total"));
        return node;
    }

    private static void count(RecordStatistics.Count count, ObjectNode node) {
        node.put("type", count.type());
        node.put("records", count.records());
        node.put("record_bytes", count.recordBytes());
        node.put("image_bytes", count.imageBytes());
        node.put("bytes", count.bytes());
    }
}
