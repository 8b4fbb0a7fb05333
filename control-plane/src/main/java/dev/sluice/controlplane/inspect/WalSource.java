package dev.sluice.controlplane.inspect;

import dev.sluice.walservice.wal.WalBytes;
import dev.sluice.wire.Lsn;
import java.util.List;

/** WAL to look into: a branch's, or that of files. */
public interface WalSource extends WalBytes {

    /** For messages. */
    String name();

    /** The major that wrote it. */
    int postgresMajor();

    /** The first position there is: a record's start, or a segment's. */
    Lsn start();

    /**
     * Where records begin that do not name the record before them, ascending: the first of a branch
     * need not know what its parent wrote last before the branch point.
     */
    List<Lsn> seams();

    /** Just past the last byte. */
    Lsn end();

    /**
     * Whether the last record ends at {@link #end}. Otherwise there is more than WAL before it: the
     * unwritten rest of a segment, or segments that are there to be used again.
     */
    boolean endsWithRecord();
}
