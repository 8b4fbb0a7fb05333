package dev.sluice.gateway.http.sql;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteFeature;
import dev.sluice.wire.backend.RowDescription;
import io.netty.buffer.ByteBuf;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes the results of a request as they come from Postgres, keeping none of them:
 *
 * <pre>
 *   {"fields": [{"name": "n", "dataTypeID": 23, "tableID": 0, "columnID": 0, "dataTypeSize": 4,
 *                "dataTypeModifier": -1, "format": "text"}, …],
 *    "rows": [["1"], …], "command": "SELECT", "rowCount": 1, "rowAsArray": true}
 * </pre>
 *
 * and {@code {"results": [that, …]}} for a batch. A row is an array or an object. Values are
 * strings in Postgres's text format, or, unless raw text is asked for, what {@link ValueWriter}
 * makes of them.
 */
public final class ResultWriter implements Closeable {
    private static final JsonFactory JSON =
            JsonFactory.builder()
                    .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
                    .disable(StreamWriteFeature.AUTO_CLOSE_CONTENT)
                    .build();

    private final JsonGenerator json;
    private final boolean rawText;
    private final boolean batch;
    private List<RowDescription.Field> fields = List.of();
    private List<ValueWriter> writers = List.of();
    private boolean arrays;

    /**
     * @param out is flushed and left open
     */
    public ResultWriter(OutputStream out, boolean rawText, boolean batch) throws IOException {
        this.json = JSON.createGenerator(out);
        this.rawText = rawText;
        this.batch = batch;
        if (batch) {
            json.writeStartObject();
            json.writeArrayFieldStart("results");
        }
    }

    /**
     * Begins a result.
     *
     * @param columns none for a statement that returns no rows
     * @param rowsAsArrays whether rows are arrays
     */
    public void begin(List<RowDescription.Field> columns, boolean rowsAsArrays) throws IOException {
        fields = columns;
        arrays = rowsAsArrays;
        List<ValueWriter> chosen = new ArrayList<>(columns.size());
        json.writeStartObject();
        json.writeArrayFieldStart("fields");
        for (RowDescription.Field field : columns) {
            json.writeStartObject();
            json.writeStringField("name", field.name());
            json.writeNumberField("dataTypeID", Integer.toUnsignedLong(field.type()));
            json.writeNumberField("tableID", Integer.toUnsignedLong(field.table()));
            json.writeNumberField("columnID", field.attribute());
            json.writeNumberField("dataTypeSize", field.typeSize());
            json.writeNumberField("dataTypeModifier", field.typeModifier());
            json.writeStringField("format", "text");
            json.writeEndObject();
            chosen.add(rawText ? ValueWriter.TEXT : ValueWriter.of(field.type()));
        }
        writers = chosen;
        json.writeEndArray();
        json.writeArrayFieldStart("rows");
    }

    /**
     * Writes a row.
     *
     * @param values as many as there are columns, with backing arrays
     */
    public void row(List<@Nullable ByteBuf> values) throws IOException {
        if (values.size() != fields.size()) {
            throw new IOException(
                    "a row of %d values in %d columns".formatted(values.size(), fields.size()));
        }
        if (arrays) {
            json.writeStartArray();
        } else {
            json.writeStartObject();
        }
        for (int i = 0; i < values.size(); i++) {
            if (!arrays) {
                json.writeFieldName(fields.get(i).name());
            }
            ByteBuf value = values.get(i);
            if (value == null) {
                json.writeNull();
            } else {
                writers.get(i).write(json, value);
            }
        }
        if (arrays) {
            json.writeEndArray();
        } else {
            json.writeEndObject();
        }
    }

    /**
     * Ends the result.
     *
     * @param tag of CommandComplete, such as {@code INSERT 0 1}; empty for an empty query
     */
    public void end(String tag) throws IOException {
        json.writeEndArray();
        int space = tag.indexOf(' ');
        json.writeStringField("command", space < 0 ? tag : tag.substring(0, space));
        String last = tag.substring(tag.lastIndexOf(' ') + 1);
        if (!last.isEmpty() && last.chars().allMatch(c -> c >= '0' && c <= '9')) {
            json.writeFieldName("rowCount");
            json.writeNumber(last);
        } else {
            json.writeNullField("rowCount");
        }
        json.writeBooleanField("rowAsArray", arrays);
        json.writeEndObject();
    }

    /** Ends the whole, or leaves it as it is where it was broken off. */
    @Override
    public void close() throws IOException {
        json.close();
    }

    /** Ends the list of a batch's results. */
    public void finish() throws IOException {
        if (batch) {
            json.writeEndArray();
            json.writeEndObject();
        }
        json.flush();
    }
}
