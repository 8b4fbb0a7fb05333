package dev.sluice.controlplane.inspect;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.storage.inspect.RecordText;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.pageserver.PageService;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.storage.postgres.RecordDescriber;
import dev.sluice.storage.redo.change.PageChange;
import dev.sluice.storage.redo.change.VisibilityClear;
import dev.sluice.walservice.wal.WalRecord;
import java.io.IOException;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.List;

/** A page made step by step from its versions, and what each of them did. */
final class PageChain {
    private static final int PAGE_BYTES = 8192;

    /** The page's LSN changes with every record: it does not count as a change. */
    private static final int LSN_BYTES = 8;

    private final PostgresMajor major;
    private final RecordDescriber describer;
    private final Key key;
    private final ArrayNode steps = JsonNodeFactory.instance.arrayNode();
    private byte[] page = new byte[PAGE_BYTES];

    private PageChain(PostgresMajor major, Key key) {
        this.major = major;
        this.describer = major.describer(ZoneId.systemDefault());
        this.key = key;
    }

    /**
     * Applies the versions.
     *
     * @param versions newest first
     */
    static PageChain replay(PostgresMajor major, Key key, List<PageService.Version> versions)
            throws IOException {
        PageChain chain = new PageChain(major, key);
        for (PageService.Version version : versions.reversed()) {
            chain.step(version);
        }
        return chain;
    }

    byte[] page() {
        return page;
    }

    /** One element for each version, oldest first. */
    ArrayNode json() {
        return steps;
    }

    private void step(PageService.Version version) throws IOException {
        byte[] before = page.clone();
        ObjectNode step = steps.addObject();
        step.put("lsn", version.lsn().toString());
        switch (version.value()) {
            case Value.Image(byte[] image) -> {
                step.put("kind", "image").put("bytes", image.length);
                page = Arrays.copyOf(image, PAGE_BYTES);
            }
            case Value.Wal wal -> {
                describe(WalRecord.parse(wal.record(), version.lsn(), version.lsn()), wal, step);
                major.redo().apply(key, page, wal, version.lsn());
            }
            case Value.Change change -> {
                step.put("kind", "change").put("bytes", change.bytes().length);
                step.put("description", describe(PageChange.decode(change)));
                major.redo().apply(key, page, change, version.lsn());
            }
        }
        step.put("changed_bytes", changedBytes(before));
    }

    private void describe(WalRecord record, Value.Wal wal, ObjectNode step) {
        step.put("kind", wal.initializes() ? "initializing record" : "record");
        step.put("bytes", record.totalLength()).put("image", bringsImage(record));
        step.put("xid", Integer.toUnsignedLong(record.xid()));
        step.put("rmgr", RecordText.managerName(record.resourceManager()));
        step.put("type", describer.type(record));
        step.put("description", describer.describe(record));
    }

    /** Whether redo of this page is to take the record's image. */
    private boolean bringsImage(WalRecord record) {
        for (int id = 0; id < record.blockCount(); id++) {
            if (record.hasBlock(id)
                    && record.blockNumber(id) == key.block()
                    && record.blockFork(id).number() == key.fork()
                    && record.blockRelation(id).equals(key.locator())) {
                return record.blockImageApplies(id);
            }
        }
        return false;
    }

    private static String describe(PageChange change) {
        return change instanceof VisibilityClear clear
                ? "clears visibility map bits of heap blocks " + Arrays.toString(clear.heapBlocks())
                : change.getClass().getSimpleName();
    }

    private int changedBytes(byte[] before) {
        int changed = 0;
        for (int i = LSN_BYTES; i < PAGE_BYTES; i++) {
            changed += before[i] != page[i] ? 1 : 0;
        }
        return changed;
    }
}
