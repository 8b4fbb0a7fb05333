package dev.sluice.storage.postgres.v17.view;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.LinePointer;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.postgres.PageView;
import dev.sluice.storage.postgres.v17.mask.PageKind;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.wire.Lsn;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Takes pages apart. */
public final class PageViewer {
    private static final Map<Integer, String> HEADER_FLAGS =
            Bits.of(
                    Page.HAS_FREE_LINES, "HAS_FREE_LINES",
                    Page.PAGE_FULL, "PAGE_FULL",
                    Page.ALL_VISIBLE, "ALL_VISIBLE");

    private static final List<String> POINTER_STATES =
            List.of("unused", "normal", "redirect", "dead");

    private final byte[] page;
    private final int block;
    private final KindView kind;
    private final List<String> problems = new ArrayList<>();

    private PageViewer(byte[] page, Fork fork, int block) {
        this.page = page;
        this.block = block;
        this.kind = kind(PageKind.of(page, fork, block));
    }

    public static PageView view(byte[] page, Fork fork, int block) {
        return new PageViewer(page, fork, block).view();
    }

    private static KindView kind(PageKind kind) {
        return switch (kind) {
            case NEW -> new PlainView("new");
            case HEAP -> new HeapView();
            case VISIBILITY_MAP -> new VisibilityMapView();
            case FREE_SPACE_MAP -> new PlainView("free space map");
            case BTREE -> new BtreeView();
            case HASH -> new HashView();
            case GIN -> new GinView();
            case GIST -> new GistView();
            case SPGIST -> new SpgistView();
            case BRIN -> new BrinView();
            case SEQUENCE -> new SequenceView();
            case OTHER -> new PlainView("unknown");
        };
    }

    private PageView view() {
        Fields header = new Fields(page);
        Fields special = new Fields(page);
        Fields content = new Fields(page);
        List<Map<String, Object>> items = new ArrayList<>();
        header(header);
        String name = kind.name(page, block);
        if (!Page.isNew(page)) {
            attempt("page header", () -> Page.checkPointers(page));
            attempt("special area", () -> kind.special(page, Page.special(page), special));
            attempt("content", () -> kind.content(page, block, content));
            if (kind.hasItems(page)) {
                items(items);
            }
        }
        return new PageView(name, header.map(), special.map(), content.map(), items, problems);
    }

    private interface Part {
        void read() throws CorruptPageException;
    }

    private void attempt(String what, Part part) {
        try {
            part.read();
        } catch (CorruptPageException | IndexOutOfBoundsException e) {
            problems.add(what + ": " + e.getMessage());
        }
    }

    private void header(Fields out) {
        out.put("lsn", new Lsn(Page.lsn(page)).toString());
        out.hex("checksum", Page.checksum(page), 4).bits("flags", Page.flags(page), HEADER_FLAGS);
        out.put("lower", (long) Page.lower(page)).put("upper", (long) Page.upper(page));
        out.put("special", (long) Page.special(page));
        out.put("size", (long) (LittleEndian.u16(page, 18) & 0xFF00));
        out.put("version", (long) (LittleEndian.u16(page, 18) & 0x00FF));
        out.put("prune_xid", Integer.toUnsignedLong(Page.pruneXid(page)));
    }

    private void items(List<Map<String, Object>> items) {
        int count = LinePointer.count(page);
        for (int i = 1; i <= count; i++) {
            int number = i;
            Fields item = new Fields(page);
            attempt("item " + i, () -> item(number, item));
            items.add(item.map());
            if (problems.size() > count) {
                return;
            }
        }
    }

    private void item(int number, Fields out) throws CorruptPageException {
        out.put("item", (long) number);
        int pointer = LinePointer.get(page, number);
        int state = LinePointer.state(pointer);
        int offset = LinePointer.offset(pointer);
        int length = LinePointer.length(pointer);
        out.put("pointer", POINTER_STATES.get(state));
        if (state == LinePointer.REDIRECT) {
            out.put("to", (long) offset);
        } else if (LinePointer.hasStorage(pointer)) {
            out.put("offset", (long) offset).put("length", (long) length);
            if (offset + length > Page.SIZE) {
                throw new CorruptPageException("it does not lie on the page");
            }
            kind.item(page, offset, length, out);
        }
    }
}
