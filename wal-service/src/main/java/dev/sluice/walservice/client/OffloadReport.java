package dev.sluice.walservice.client;

/**
 * How a safekeeper gets on with bringing a timeline's WAL to the object store.
 *
 * @param elected whether it is the one that does, as it sees the others
 * @param uploaded segments that it has brought there since it was started
 * @param failures attempts that have failed since
 * @param failure why the last one failed; empty if it did not
 */
public record OffloadReport(boolean elected, long uploaded, long failures, String failure) {
    private static final int MOST_CHARS = 300;

    /** Of a safekeeper that brings nothing anywhere. */
    public static final OffloadReport NONE = new OffloadReport(false, 0, 0, "");

    public OffloadReport {
        failure = failure.length() > MOST_CHARS ? failure.substring(0, MOST_CHARS) : failure;
    }

    /** After a look at the timeline that went well. */
    public OffloadReport went(boolean nowElected, long segments) {
        return new OffloadReport(nowElected, uploaded + segments, failures, "");
    }

    /** After one that did not. */
    public OffloadReport failed(String why) {
        return new OffloadReport(elected, uploaded, failures + 1, why);
    }
}
