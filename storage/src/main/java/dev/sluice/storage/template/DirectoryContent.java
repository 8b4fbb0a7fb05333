package dev.sluice.storage.template;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Slru;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The files of a data directory that a timeline holds, by the keys they become.
 *
 * @param forks the segment files of each relation fork, in order, by the key of its size
 * @param relationMaps the {@code pg_filenode.map} files
 * @param versions the {@code PG_VERSION} files of the databases
 * @param slruSegments SLRU segment files
 */
record DirectoryContent(
        NavigableMap<Key, List<Path>> forks,
        NavigableMap<Key, Path> relationMaps,
        NavigableMap<Key, Path> versions,
        NavigableMap<Key, Path> slruSegments) {

    private static final Pattern RELATION_FILE =
            Pattern.compile("([1-9][0-9]{0,9})(?:_(fsm|vm|init))?(?:\\.([1-9][0-9]{0,4}))?");
    private static final Pattern SLRU_FILE = Pattern.compile("[0-9A-F]{4,6}");
    private static final int HEXADECIMAL = 16;

    static DirectoryContent of(Path directory) throws IOException {
        DirectoryContent content =
                new DirectoryContent(
                        new TreeMap<>(), new TreeMap<>(), new TreeMap<>(), new TreeMap<>());
        content.addDatabase(directory.resolve("global"), RelFileLocator.GLOBAL_TABLESPACE, 0);
        Path base = directory.resolve("base");
        for (String database : names(base)) {
            if (!database.equals("pgsql_tmp")) {
                content.addDatabase(
                        base.resolve(database),
                        RelFileLocator.DEFAULT_TABLESPACE,
                        Integer.parseUnsignedInt(database));
            }
        }
        for (Slru slru : Slru.values()) {
            content.addSlru(directory.resolve(slru.directory()), slru);
        }
        return content;
    }

    /** The names in a directory, sorted. */
    static NavigableSet<String> names(Path directory) throws IOException {
        NavigableSet<String> names = new TreeSet<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            for (Path file : stream) {
                names.add(file.getFileName().toString());
            }
        }
        return names;
    }

    private void addDatabase(Path directory, int tablespace, int database) throws IOException {
        NavigableMap<Key, NavigableMap<Integer, Path>> segments = new TreeMap<>();
        for (String name : names(directory)) {
            Path file = directory.resolve(name);
            Matcher relation = RELATION_FILE.matcher(name);
            if (relation.matches()) {
                addSegment(segments, relation, tablespace, database, file);
            } else if (name.equals("pg_filenode.map")) {
                relationMaps.put(Key.relationMap(tablespace, database), file);
            } else if (name.equals("PG_VERSION")) {
                versions.put(Key.database(tablespace, database), file);
            } else if (!name.equals("pg_control") && !name.startsWith("pg_internal.init")) {
                throw new IOException(file + " is nothing that a cluster has there");
            }
        }
        for (var fork : segments.entrySet()) {
            NavigableMap<Integer, Path> files = fork.getValue();
            if (files.firstKey() != 0 || files.lastKey() != files.size() - 1) {
                throw new IOException("segments are missing around " + files);
            }
            forks.put(fork.getKey(), List.copyOf(files.values()));
        }
    }

    private static void addSegment(
            NavigableMap<Key, NavigableMap<Integer, Path>> segments,
            Matcher relation,
            int tablespace,
            int database,
            Path file) {
        String suffix = relation.group(2);
        Fork fork =
                switch (suffix) {
                    case null -> Fork.MAIN;
                    case "vm" -> Fork.VISIBILITY_MAP;
                    case "init" -> Fork.INIT;
                    default -> Fork.FSM;
                };
        if (fork == Fork.FSM) {
            return;
        }
        int number = Integer.parseUnsignedInt(relation.group(1));
        Key size = Key.relationSize(new RelFileLocator(tablespace, database, number), fork);
        String segment = relation.group(3);
        segments.computeIfAbsent(size, _ -> new TreeMap<>())
                .put(segment == null ? 0 : Integer.parseInt(segment), file);
    }

    private void addSlru(Path directory, Slru slru) throws IOException {
        for (String name : names(directory)) {
            if (SLRU_FILE.matcher(name).matches()) {
                int segment = Integer.parseInt(name, HEXADECIMAL);
                slruSegments.put(Key.slruSegment(slru, segment), directory.resolve(name));
            }
        }
    }
}
