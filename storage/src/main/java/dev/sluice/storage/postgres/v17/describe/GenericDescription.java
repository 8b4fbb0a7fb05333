package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.WalRecord;

/** Source: {@code genericdesc.c}: the regions of the page that the main data overrides. */
final class GenericDescription implements ManagerDescription {
    @Override
    public String type(int info) {
        return "Generic";
    }

    @Override
    public void describe(WalRecord record, Words out) {
        Data data = Data.main(record);
        for (int at = 0; at < data.length(); ) {
            int offset = data.u16(at);
            int length = data.u16(at + 2);
            at += 4 + length;
            out.say("offset ").u(offset).say(", length ").u(length);
            if (at < data.length()) {
                out.say("; ");
            }
        }
    }
}
