package dev.sluice.storage.postgres.v17.catalog;

import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.postgres.RelationCatalog;
import dev.sluice.storage.postgres.StoredState;
import dev.sluice.walservice.wal.RelFileLocator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Postgres 17's catalogs. The columns read here come before any that may be null or of variable
 * length, so they are at fixed positions ({@code catalog/pg_class.h}, {@code pg_namespace.h},
 * {@code pg_database.h}):
 *
 * <pre>
 *   pg_database    0 oid   4 datname
 *   pg_namespace   0 oid   4 nspname
 *   pg_class       0 oid   4 relname   68 relnamespace   88 relfilenode   92 reltablespace
 *                  113 relisshared
 * </pre>
 */
public final class Catalog17 implements RelationCatalog {
    private static final int PG_CLASS = 1259;
    private static final int PG_DATABASE = 1262;
    private static final int PG_NAMESPACE = 2615;

    private static final int NAME_AT = 4;
    private static final int NAME_BYTES = 64;
    private static final int CLASS_NAMESPACE = 68;
    private static final int CLASS_FILE = 88;
    private static final int CLASS_TABLESPACE = 92;
    private static final int CLASS_IS_SHARED = 113;
    private static final int CLASS_BYTES = 114;

    private static final List<String> PREFERRED_SCHEMAS = List.of("public", "pg_catalog");

    private final StoredState state;
    private final CommittedRows rows;

    public Catalog17(StoredState state) {
        this.state = state;
        this.rows = new CommittedRows(state);
    }

    /** What a row of {@code pg_class} tells. */
    private record ClassRow(
            int oid, String name, int namespace, int file, int tablespace, boolean shared) {}

    @Override
    public int database(String name) throws IOException {
        int[] found = {0};
        rows.scan(
                RelationMap.shared(state).locator(PG_DATABASE),
                (page, data, length) -> {
                    if (length >= NAME_AT + NAME_BYTES && name(page, data).equals(name)) {
                        found[0] = LittleEndian.i32(page, data);
                    }
                    return found[0] == 0;
                });
        if (found[0] == 0) {
            throw new NotFoundException("there is no database \"" + name + "\"");
        }
        return found[0];
    }

    @Override
    public Relation relation(int database, String name) throws IOException {
        RelationName wanted = RelationName.parse(name);
        List<ClassRow> named = new ArrayList<>();
        ClassRow[] namespaces = new ClassRow[1];
        rows.scan(
                RelationMap.of(state, database).locator(PG_CLASS),
                (page, data, length) -> {
                    if (length < CLASS_BYTES) {
                        throw new IOException("a row of pg_class has " + length + " bytes");
                    }
                    if (name(page, data).equals(wanted.name())) {
                        named.add(classRow(page, data));
                    }
                    if (LittleEndian.i32(page, data) == PG_NAMESPACE) {
                        namespaces[0] = classRow(page, data);
                    }
                    return true;
                });
        if (named.isEmpty() || namespaces[0] == null) {
            throw new NotFoundException("there is no relation " + name);
        }
        Map<Integer, String> schemas = schemas(locator(database, namespaces[0]));
        List<ClassRow> meant = new ArrayList<>(named);
        meant.removeIf(row ->
                wanted.schema() != null && !wanted.schema().equals(schemas.get(row.namespace)));
        ClassRow row = choose(name, meant, schemas);
        return new Relation(
                row.oid,
                schemas.getOrDefault(row.namespace, "?"),
                row.name,
                locator(database, row));
    }

    private static ClassRow choose(
            String name, List<ClassRow> candidates, Map<Integer, String> schemas)
            throws NotFoundException {
        if (candidates.isEmpty()) {
            throw new NotFoundException("there is no relation " + name);
        }
        for (String schema : PREFERRED_SCHEMAS) {
            for (ClassRow row : candidates) {
                if (schema.equals(schemas.get(row.namespace))) {
                    return row;
                }
            }
        }
        if (candidates.size() > 1) {
            List<String> where =
                    candidates.stream()
                            .map(row -> schemas.getOrDefault(row.namespace, "?"))
                            .sorted(Comparator.naturalOrder())
                            .toList();
            throw new NotFoundException(
                    "several schemas have a relation " + name + ": " + String.join(", ", where));
        }
        return candidates.getFirst();
    }

    private Map<Integer, String> schemas(RelFileLocator table) throws IOException {
        Map<Integer, String> schemas = new HashMap<>();
        rows.scan(
                table,
                (page, data, length) -> {
                    if (length >= NAME_AT + NAME_BYTES) {
                        schemas.put(LittleEndian.i32(page, data), name(page, data));
                    }
                    return true;
                });
        return schemas;
    }

    private RelFileLocator locator(int database, ClassRow row) throws IOException {
        if (row.file != 0) {
            return row.shared
                    ? new RelFileLocator(RelFileLocator.GLOBAL_TABLESPACE, 0, row.file)
                    : new RelFileLocator(
                            row.tablespace == 0
                                    ? RelFileLocator.DEFAULT_TABLESPACE
                                    : row.tablespace,
                            database,
                            row.file);
        }
        RelationMap map = row.shared ? RelationMap.shared(state) : RelationMap.of(state, database);
        try {
            return map.locator(row.oid);
        } catch (IOException e) {
            NotFoundException none =
                    new NotFoundException(
                            "relation " + row.name + " has no storage: it is a view or the like");
            none.initCause(e);
            throw none;
        }
    }

    private static ClassRow classRow(byte[] page, int data) {
        return new ClassRow(
                LittleEndian.i32(page, data),
                name(page, data),
                LittleEndian.i32(page, data + CLASS_NAMESPACE),
                LittleEndian.i32(page, data + CLASS_FILE),
                LittleEndian.i32(page, data + CLASS_TABLESPACE),
                page[data + CLASS_IS_SHARED] != 0);
    }

    /** A {@code name} column: up to its first zero byte. */
    private static String name(byte[] page, int data) {
        int length = 0;
        while (length < NAME_BYTES && page[data + NAME_AT + length] != 0) {
            length++;
        }
        return new String(page, data + NAME_AT, length, StandardCharsets.UTF_8);
    }
}
