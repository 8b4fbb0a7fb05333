package dev.sluice.controlplane.inspect;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.controlplane.project.Refusal;
import dev.sluice.storage.inspect.RecordText;
import dev.sluice.storage.key.BlockCount;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.pageserver.PageService;
import dev.sluice.storage.postgres.PageView;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.storage.postgres.RelationCatalog;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One timeline at one moment, looked into: relations by name, pages, and what made them. */
public final class PageInspection {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern NUMBERS = Pattern.compile("(?:([0-9]+)/)?([0-9]+)/([0-9]+)");

    private final PageService pages;
    private final TenantTimelineId timeline;
    private final PostgresMajor major;
    private final Lsn at;

    /**
     * @param at ingested, and in the timeline's history
     */
    public PageInspection(
            PageService pages, TenantTimelineId timeline, PostgresMajor major, Lsn at) {
        this.pages = pages;
        this.timeline = timeline;
        this.major = major;
        this.at = at;
    }

    /**
     * Finds a relation.
     *
     * @param database the name of the database that is looked into for a name
     * @param text {@code tablespace/database/relfilenode}, {@code database/relfilenode}, or a name,
     *     see {@link RelationCatalog#relation}
     * @throws Refusal if there is none
     */
    public RelationCatalog.Relation relation(String database, String text) throws IOException {
        Matcher numbers = NUMBERS.matcher(text);
        if (numbers.matches()) {
            return new RelationCatalog.Relation(0, "", "", locator(numbers));
        }
        RelationCatalog catalog = major.catalog(key -> pages.read(timeline, key, at));
        try {
            return catalog.relation(catalog.database(database), text);
        } catch (RelationCatalog.NotFoundException e) {
            throw new Refusal(
                    Refusal.Reason.NOT_FOUND,
                    e.getMessage() + " (in database \"" + database + "\" at " + at + ")",
                    e);
        }
    }

    private static RelFileLocator locator(Matcher numbers) {
        int database = number(numbers.group(2));
        String tablespace = numbers.group(1);
        int implied =
                database == 0
                        ? RelFileLocator.GLOBAL_TABLESPACE
                        : RelFileLocator.DEFAULT_TABLESPACE;
        return new RelFileLocator(
                tablespace == null ? implied : number(tablespace),
                database,
                number(numbers.group(3)));
    }

    private static int number(String text) {
        try {
            return Integer.parseUnsignedInt(text);
        } catch (NumberFormatException e) {
            throw new Refusal(Refusal.Reason.BAD_REQUEST, "a number is too large: " + text, e);
        }
    }

    /** The relation's fields in an answer. */
    public static ObjectNode json(RelationCatalog.Relation relation) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        if (!relation.name().isEmpty()) {
            node.put("schema", relation.schema()).put("name", relation.name());
            node.put("oid", Integer.toUnsignedLong(relation.oid()));
        }
        node.put("tablespace", Integer.toUnsignedLong(relation.locator().tablespace()));
        node.put("database", Integer.toUnsignedLong(relation.locator().database()));
        return node.put("relfilenode", Integer.toUnsignedLong(relation.locator().relation()));
    }

    /**
     * Shows a page and the chain of records that made it.
     *
     * @throws Refusal if the relation has no such fork or block
     */
    public ObjectNode page(RelationCatalog.Relation relation, Fork asked, long block)
            throws IOException {
        boolean unlogged = asked == Fork.MAIN && blocks(relation, Fork.INIT) != null;
        Fork fork = unlogged ? Fork.INIT : asked;
        Integer blocks = blocks(relation, fork);
        if (blocks == null) {
            throw new Refusal(
                    Refusal.Reason.NOT_FOUND,
                    "relation "
                            + relation.locator()
                            + " has no "
                            + RecordText.forkName(fork)
                            + " fork at "
                            + at);
        }
        if (block < 0 || block >= Integer.toUnsignedLong(blocks)) {
            throw new Refusal(
                    Refusal.Reason.BAD_REQUEST,
                    "block "
                            + block
                            + " is past the end: relation "
                            + relation.locator()
                            + " has "
                            + Integer.toUnsignedString(blocks)
                            + " blocks in its "
                            + RecordText.forkName(fork)
                            + " fork at "
                            + at);
        }
        Key key = Key.relationBlock(relation.locator(), fork, (int) block);
        PageChain chain = PageChain.replay(major, key, pages.versions(timeline, key, at));
        PageView view = major.view(chain.page(), fork, (int) block);
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.set("relation", json(relation));
        node.put("fork", RecordText.forkName(fork)).put("unlogged", unlogged);
        node.put("block", block).put("blocks", Integer.toUnsignedLong(blocks));
        node.put("at", at.toString()).put("kind", view.kind());
        node.set("header", JSON.valueToTree(view.header()));
        node.set("special", JSON.valueToTree(view.special()));
        node.set("content", JSON.valueToTree(view.content()));
        node.set("items", JSON.valueToTree(view.items()));
        node.set("problems", JSON.valueToTree(view.problems()));
        node.set("chain", chain.json());
        return node.put("page", chain.page());
    }

    private @Nullable Integer blocks(RelationCatalog.Relation relation, Fork fork)
            throws IOException {
        byte[] size = pages.read(timeline, Key.relationSize(relation.locator(), fork), at);
        return size == null ? null : BlockCount.decode(size);
    }
}
