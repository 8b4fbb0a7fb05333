package dev.sluice.wire.backend;

import dev.sluice.wire.SqlState;
import dev.sluice.wire.frame.MessageFields;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * What {@link ErrorResponse} and {@link NoticeResponse} say: fields with one-letter codes (the
 * manual's "Error and Notice Message Fields"), in the order they came. Codes nobody knows yet are
 * kept, as the manual asks.
 */
public record Diagnostic(List<Field> fields) {

    /**
     * @param code such as {@code 'S'} severity, {@code 'V'} severity never translated, {@code 'C'}
     *     SQLSTATE, {@code 'M'} message, {@code 'D'} detail, {@code 'H'} hint; never zero
     */
    public record Field(char code, String value) {}

    /** How bad it is; {@code FATAL} and {@code PANIC} end the session. */
    public enum Severity {
        ERROR,
        FATAL,
        PANIC,
        WARNING,
        NOTICE,
        DEBUG,
        INFO,
        LOG
    }

    public static Diagnostic of(Severity severity, SqlState state, String message) {
        return new Diagnostic(
                List.of(
                        new Field('S', severity.name()),
                        new Field('V', severity.name()),
                        new Field('C', state.code()),
                        new Field('M', message)));
    }

    /** This with a hint; the same if the hint is empty. */
    public Diagnostic withHint(String hint) {
        return with('H', hint);
    }

    /** This with a detail; the same if the detail is empty. */
    public Diagnostic withDetail(String detail) {
        return with('D', detail);
    }

    private Diagnostic with(char code, String value) {
        if (value.isEmpty()) {
            return this;
        }
        List<Field> more = new ArrayList<>(fields);
        more.add(new Field(code, value));
        return new Diagnostic(Collections.unmodifiableList(more));
    }

    /** The first field with this code. */
    public Optional<String> field(char code) {
        return fields.stream().filter(field -> field.code == code).map(Field::value).findFirst();
    }

    /** The SQLSTATE as it was sent; a hostile server may have sent anything, or nothing. */
    public String sqlState() {
        return field('C').orElse("");
    }

    public String message() {
        return field('M').orElse("");
    }

    static Diagnostic decode(ByteBuf body) {
        List<Field> fields = new ArrayList<>();
        int code = MessageFields.byte1(body, "field code");
        while (code != 0) {
            fields.add(new Field((char) (code & 0xff), MessageFields.string(body, "field value")));
            code = MessageFields.byte1(body, "field code");
        }
        return new Diagnostic(Collections.unmodifiableList(fields));
    }

    void encode(ByteBuf out) {
        for (Field field : fields) {
            out.writeByte(field.code);
            MessageFields.putString(out, field.value);
        }
        out.writeByte(0);
    }
}
