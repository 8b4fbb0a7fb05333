package dev.sluice.walservice.offload;

import java.io.IOException;

/** An object is not what a safekeeper wrote. */
public final class DamagedObjectException extends IOException {
    private static final long serialVersionUID = 1L;

    /**
     * @param place the object's, for people
     */
    public DamagedObjectException(String place, String what) {
        super("the object " + place + " is damaged: " + what);
    }
}
