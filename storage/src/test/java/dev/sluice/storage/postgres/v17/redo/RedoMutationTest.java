package dev.sluice.storage.postgres.v17.redo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.storage.oracle.RedoReport;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.walservice.wal.ResourceManager;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Faults planted in redo's compiled code, one at a time, must be found: it shows that the workloads
 * reach what redo does and that the comparison sees it.
 *
 * <p>Without more, a few in each class, by a seed ({@code -Dsluice.mutation.seed} for a certain
 * one). With {@code -Dsluice.mutation.all=FILE} every one of them, and a line for each in the file:
 * to be read, for every mutant that survives is either no fault at all (a check of damage made
 * laxer, a bit that is never set) or a hole in the workload.
 */
@ExtendWith(Recordings.class)
class RedoMutationTest {
    private static final int OF_EACH_CLASS = 9;

    /** Mutants in seldom taken branches need not many tries; survivors would take the time. */
    private static final int TRIES = 200;

    private static final Set<String> MANAGERS =
            Set.of(
                    "XLOG",
                    "Heap",
                    "Heap2",
                    "Btree",
                    "Hash",
                    "Gin",
                    "Gist",
                    "Sequence",
                    "SPGist",
                    "BRIN",
                    "Generic");

    /** What only makes texts for people is not expected to be found. */
    private static final Set<String> NOT_EXPECTED = Set.of("RecordTypes");

    /**
     * Of all mutants of code that some change passes, 84 in 100 are caught; what survives are laxer
     * checks of damage, nearly all. A sample that is far below means that the comparison is blind.
     */
    private static final double CAUGHT_AT_LEAST = 0.65;

    private final MutantCatalog catalog;

    RedoMutationTest() throws Exception {
        catalog = MutantCatalog.ofRedo();
    }

    @Test
    void mutantsAreCaught(Recordings.Shelf recordings) throws Exception {
        String file = System.getProperty("sluice.mutation.all");
        boolean all = file != null;
        Collection<Mutant> chosen = all ? catalog.mutants() : sample(catalog.mutants());
        MutationRun run = new MutationRun(catalog, chosen, all ? Integer.MAX_VALUE : TRIES);
        for (Recording recording : all ? List.of(Recording.values()) : Recording.WITHOUT_IMAGES) {
            assertThat(recordings.get(recording).redo(run).differences()).isEmpty();
        }
        List<MutationRun.Fate> reached =
                run.fates().stream().filter(fate -> fate.tried() > 0).toList();
        printTable(run.fates());
        if (file != null) {
            Files.write(Path.of(file), run.fates().stream().map(RedoMutationTest::line).toList());
        }
        long caught = reached.stream().filter(MutationRun.Fate::isCaught).count();
        assertThat((double) caught / reached.size()).isGreaterThan(CAUGHT_AT_LEAST);
        theOracleFindsThem(oneForEachManager(reached), recordings);
    }

    /** One of the faults that were caught for each manager; any of redo's of images for XLOG. */
    private Map<String, Mutant> oneForEachManager(List<MutationRun.Fate> fates) {
        Map<String, Mutant> chosen = new TreeMap<>();
        for (MutationRun.Fate fate : fates) {
            if (fate.isSeenInImage()) {
                chosen.put(fate.caughtOn(), fate.mutant());
            }
        }
        chosen.remove(MutationRun.IMPLIED);
        chosen.put(
                ResourceManager.XLOG.displayName(),
                catalog.mutants().stream()
                        .filter(mutant ->
                                mutant.where().startsWith("Redo17.applyBlock")
                                        && mutant.mutation() == Mutation.NEGATED)
                        .findFirst()
                        .orElseThrow());
        assertThat(chosen.keySet()).isEqualTo(MANAGERS);
        return chosen;
    }

    /** The whole oracle, with redo that gets the records of each manager wrong in one way. */
    private void theOracleFindsThem(Map<String, Mutant> faults, Recordings.Shelf recordings)
            throws Exception {
        faults.forEach((manager, mutant) -> System.out.printf("%-10s %s%n", manager, mutant));
        Map<String, PageRedo> redo = new HashMap<>();
        faults.forEach(
                (manager, mutant) -> redo.put(manager, MutantLoader.redoWith(mutant, catalog)));
        PageRedo right = new Redo17();
        PageRedo faulty =
                (key, page, change, end) -> {
                    Instrumented.begin();
                    redo.getOrDefault(MutationRun.manager(change, end), right)
                            .apply(key, page, change, end);
                };
        Set<String> found = new TreeSet<>();
        for (Recording recording : Recording.WITHOUT_IMAGES) {
            RedoReport report = recordings.get(recording).redo(faulty);
            assertThat(report.differences()).isNotEmpty();
            report.counts()
                    .forEach((type, count) -> {
                        if (count.differing() > 0) {
                            found.add(type.substring(0, type.indexOf(' ')));
                        }
                    });
        }
        assertThat(found).containsAll(MANAGERS);
    }

    private static List<Mutant> sample(List<Mutant> mutants) {
        long seed = Long.getLong("sluice.mutation.seed", System.nanoTime());
        System.out.println("mutants of -Dsluice.mutation.seed=" + seed);
        Map<String, List<Mutant>> byClass = new TreeMap<>();
        for (Mutant mutant : mutants) {
            byClass.computeIfAbsent(mutant.simpleClass(), _ -> new ArrayList<>()).add(mutant);
        }
        Random random = new Random(seed);
        List<Mutant> sample = new ArrayList<>();
        for (List<Mutant> ofClass : byClass.values()) {
            Collections.shuffle(ofClass, random);
            sample.addAll(ofClass.subList(0, Math.min(OF_EACH_CLASS, ofClass.size())));
        }
        sample.removeIf(mutant -> NOT_EXPECTED.contains(mutant.simpleClass()));
        return sample;
    }

    private static void printTable(List<MutationRun.Fate> fates) {
        Map<String, int[]> byClass = new TreeMap<>();
        for (MutationRun.Fate fate : fates) {
            int[] counts = byClass.computeIfAbsent(fate.mutant().simpleClass(), _ -> new int[3]);
            counts[fate.isCaught() ? 0 : fate.tried() > 0 ? 1 : 2]++;
        }
        int[] total = new int[3];
        System.out.printf(
                "%-24s %8s %9s %12s%n", "mutants of", "caught", "survived", "not reached");
        byClass.forEach((name, n) -> {
            System.out.printf("%-24s %8d %9d %12d%n", name, n[0], n[1], n[2]);
            Arrays.setAll(total, i -> total[i] + n[i]);
        });
        System.out.printf("%-24s %8d %9d %12d%n", "all", total[0], total[1], total[2]);
    }

    private static String line(MutationRun.Fate fate) {
        String what =
                fate.isCaught()
                        ? "caught on " + fate.caughtOn()
                        : fate.tried() > 0 ? "survived" : "not reached";
        return what + ": " + fate.mutant() + " (" + fate.tried() + ")";
    }
}
