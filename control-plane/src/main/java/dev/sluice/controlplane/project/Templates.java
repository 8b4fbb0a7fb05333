package dev.sluice.controlplane.project;

import java.io.IOException;
import java.nio.file.Path;

/** Data directories as {@code initdb} makes them, one per Postgres major, made once and reused. */
public interface Templates {
    /** A cleanly stopped data directory; made first if there is none yet. */
    Path template(int pgVersion) throws IOException;
}
