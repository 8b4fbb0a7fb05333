package dev.sluice.controlplane.inspect;

import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file of a relation in a data directory, by its path ({@code common/relpath.c}): {@code
 * base/5/16384_vm.1} is the second segment of a visibility map. Temporary relations ({@code
 * t3_16384}) are none.
 *
 * @param segment which GiB of the fork it holds
 */
record RelationFile(Path path, RelFileLocator relation, Fork fork, int segment) {
    private static final Pattern NAME =
            Pattern.compile("([1-9][0-9]*)(_fsm|_vm|_init)?(?:\\.([1-9][0-9]*))?");

    /**
     * @param path the file
     * @param database the oid of its directory below {@code base/}; 0 for {@code global/}
     */
    static Optional<RelationFile> of(Path path, int database) {
        Matcher name = NAME.matcher(String.valueOf(path.getFileName()));
        if (!name.matches()) {
            return Optional.empty();
        }
        int tablespace =
                database == 0
                        ? RelFileLocator.GLOBAL_TABLESPACE
                        : RelFileLocator.DEFAULT_TABLESPACE;
        Fork fork = Fork.MAIN;
        for (Fork candidate : Fork.values()) {
            if (candidate.suffix().equals(name.group(2))) {
                fork = candidate;
            }
        }
        return Optional.of(
                new RelationFile(
                        path,
                        new RelFileLocator(
                                tablespace, database, Integer.parseUnsignedInt(name.group(1))),
                        fork,
                        name.group(3) == null ? 0 : Integer.parseInt(name.group(3))));
    }
}
