package dev.sluice.gateway.http.sql;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.sluice.wire.backend.Diagnostic;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * An error as the driver reads it: an object with {@code message} and all of node-postgres's names
 * for the fields of an ErrorResponse, every value a string, those that are not there null.
 */
public final class ErrorJson {
    private static final JsonFactory JSON = new JsonFactory();

    private ErrorJson() {}

    public static byte[] of(Diagnostic diagnostic) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeStringField("message", diagnostic.message());
            field(json, "severity", diagnostic, 'S');
            field(json, "code", diagnostic, 'C');
            field(json, "detail", diagnostic, 'D');
            field(json, "hint", diagnostic, 'H');
            field(json, "position", diagnostic, 'P');
            field(json, "internalPosition", diagnostic, 'p');
            field(json, "internalQuery", diagnostic, 'q');
            field(json, "where", diagnostic, 'W');
            field(json, "schema", diagnostic, 's');
            field(json, "table", diagnostic, 't');
            field(json, "column", diagnostic, 'c');
            field(json, "dataType", diagnostic, 'd');
            field(json, "constraint", diagnostic, 'n');
            field(json, "file", diagnostic, 'F');
            field(json, "line", diagnostic, 'L');
            field(json, "routine", diagnostic, 'R');
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void field(JsonGenerator json, String name, Diagnostic diagnostic, char code)
            throws IOException {
        json.writeStringField(name, diagnostic.field(code).orElse(null));
    }
}
