package dev.sluice.tls;

import java.io.IOException;
import java.io.Serial;

/** A file of certificates or keys is damaged, does not fit the others, or can be read by others. */
public final class CertificateException extends IOException {
    @Serial private static final long serialVersionUID = 1L;

    CertificateException(String message) {
        super(message);
    }

    CertificateException(String message, Throwable cause) {
        super(message, cause);
    }
}
