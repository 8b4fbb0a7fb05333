package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.postgres.v17.mask.PageComparison;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Redo in the place of which every mutant is tried that lies on the way of a change: each gets the
 * page as it was before, and is caught when it fails or makes another page than sound redo does.
 * Sound redo makes exactly the pages that Postgres's recovery makes, which is a test of its own.
 */
final class MutationRun implements PageRedo {
    /** What became of a mutant. */
    static final class Fate {
        private final Mutant mutant;
        private int tried;
        private String caughtOn = "";
        private boolean seenInImage;
        private @Nullable PageRedo redo;

        private Fate(Mutant mutant) {
            this.mutant = mutant;
        }

        Mutant mutant() {
            return mutant;
        }

        /** Changes on whose way it lay, until it was caught. */
        int tried() {
            return tried;
        }

        boolean isCaught() {
            return !caughtOn.isEmpty();
        }

        /** The manager whose record it was caught on, or {@link #IMPLIED}. */
        String caughtOn() {
            return caughtOn;
        }

        /** Whether what it did wrong is nothing that a comparison with page images masks. */
        boolean isSeenInImage() {
            return seenInImage;
        }
    }

    /** In place of a manager: a change that a record implies for a page it does not register. */
    static final String IMPLIED = "implied";

    private final MutantCatalog catalog;
    private final PageRedo marking;
    private final int tries;
    private final Map<Integer, List<Fate>> atSite = new HashMap<>();
    private final List<Fate> fates = new ArrayList<>();
    private final boolean[] missed;

    /**
     * @param tries after so many changes on whose way it lies, a mutant has survived
     */
    MutationRun(MutantCatalog catalog, Collection<Mutant> mutants, int tries) {
        this.catalog = catalog;
        this.marking = MutantLoader.marking(catalog);
        this.tries = tries;
        for (Mutant mutant : mutants) {
            Fate fate = new Fate(mutant);
            fates.add(fate);
            atSite.computeIfAbsent(mutant.site(), _ -> new ArrayList<>()).add(fate);
        }
        Instrumented.beginMarks(catalog.sites());
        missed = new boolean[catalog.sites()];
        Arrays.fill(missed, true);
    }

    List<Fate> fates() {
        return fates;
    }

    /** The sites that no change passed. */
    boolean[] missed() {
        return missed;
    }

    @Override
    public void apply(Key key, byte[] page, Value change, Lsn end) throws RedoException {
        byte[] before = page.clone();
        Instrumented.begin();
        marking.apply(key, page, change, end);
        for (int site : Instrumented.takeMarks()) {
            missed[site] = false;
            List<Fate> here = atSite.get(site);
            if (here != null) {
                here.forEach(fate -> tryOut(fate, key, before, page, change, end));
                here.removeIf(fate -> fate.isCaught() || fate.tried >= tries);
            }
        }
    }

    private void tryOut(Fate fate, Key key, byte[] before, byte[] right, Value change, Lsn end) {
        fate.tried++;
        PageRedo redo = fate.redo;
        if (redo == null) {
            redo = MutantLoader.redoWith(fate.mutant, catalog);
            fate.redo = redo;
        }
        byte[] page = before.clone();
        boolean failed = fails(redo, key, page, change, end);
        if (failed || RedoneExactly.mismatch(key, page, right) >= 0) {
            Fork fork = Fork.ofNumber(key.fork());
            fate.caughtOn = manager(change, end);
            fate.seenInImage =
                    failed || PageComparison.afterRedo(right, page, fork, key.block()) != null;
        }
        if (fate.isCaught() || fate.tried >= tries) {
            fate.redo = null;
        }
    }

    private static boolean fails(PageRedo redo, Key key, byte[] page, Value change, Lsn end) {
        try {
            Instrumented.begin();
            redo.apply(key, page, change, end);
            return false;
        } catch (RedoException | RuntimeException | LinkageError e) {
            return true;
        }
    }

    static String manager(Value change, Lsn end) {
        if (!(change instanceof Value.Wal wal)) {
            return IMPLIED;
        }
        try {
            int id = WalRecord.parse(wal.record(), end, end).resourceManager();
            return ResourceManager.nameOf(id);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
