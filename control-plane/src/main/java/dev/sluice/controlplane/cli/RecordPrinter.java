package dev.sluice.controlplane.cli;

import dev.sluice.storage.inspect.RecordText;
import dev.sluice.storage.postgres.RecordDescriber;
import dev.sluice.walservice.wal.WalRecord;
import java.io.PrintWriter;

/** Prints records one after the other, as they come. */
sealed interface RecordPrinter {

    void print(WalRecord record);

    /** All have been printed. */
    void end();

    static RecordPrinter text(PrintWriter out, RecordText text, boolean details) {
        return new Text(out, text, details);
    }

    static RecordPrinter json(PrintWriter out, RecordDescriber describer) {
        return new Json(out, describer);
    }

    /** One line for each, or several with details. */
    final class Text implements RecordPrinter {
        private final PrintWriter out;
        private final RecordText text;
        private final boolean details;

        private Text(PrintWriter out, RecordText text, boolean details) {
            this.out = out;
            this.text = text;
            this.details = details;
        }

        @Override
        public void print(WalRecord record) {
            if (details) {
                out.print(text.lines(record));
            } else {
                out.println(text.line(record));
            }
        }

        @Override
        public void end() {
            out.flush();
        }
    }

    /** An array, one element on each line. */
    final class Json implements RecordPrinter {
        private final PrintWriter out;
        private final RecordDescriber describer;
        private boolean any;

        private Json(PrintWriter out, RecordDescriber describer) {
            this.out = out;
            this.describer = describer;
        }

        @Override
        public void print(WalRecord record) {
            out.println(any ? "," : "[");
            any = true;
            out.print(RecordJson.of(record, describer));
        }

        @Override
        public void end() {
            out.println(any ? "\n]" : "[]");
            out.flush();
        }
    }
}
