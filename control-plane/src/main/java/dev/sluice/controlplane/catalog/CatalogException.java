package dev.sluice.controlplane.catalog;

import java.io.Serial;

/** The catalog's database failed. */
public final class CatalogException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    public CatalogException(String message, Throwable cause) {
        super(message, cause);
    }
}
