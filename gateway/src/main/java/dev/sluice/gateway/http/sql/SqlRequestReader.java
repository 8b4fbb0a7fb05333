package dev.sluice.gateway.http.sql;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.sluice.wire.SqlState;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads a {@link SqlRequest}, token by token: numbers keep the digits they were written with. */
final class SqlRequestReader {
    private static final int MAX_PARAMETERS = 65_535;
    private static final int MAX_DEPTH = 100;
    private static final SqlState BAD_TEXT = new SqlState("22021");

    /** The body's length is limited already, and no number is ever computed with. */
    private static final JsonFactory JSON =
            JsonFactory.builder()
                    .streamReadConstraints(
                            StreamReadConstraints.builder()
                                    .maxStringLength(Integer.MAX_VALUE)
                                    .maxNumberLength(Integer.MAX_VALUE)
                                    .maxNestingDepth(MAX_DEPTH)
                                    .build())
                    .build();

    private final byte[] body;

    SqlRequestReader(byte[] body) {
        this.body = body;
    }

    SqlRequest read() {
        try (JsonParser parser = JSON.createParser(body)) {
            JsonToken first = parser.nextToken();
            SqlRequest request;
            if (first == JsonToken.START_OBJECT) {
                request = object(parser);
            } else if (first == JsonToken.START_ARRAY) {
                request = new SqlRequest(queries(parser), true);
            } else {
                throw new BadRequestException("the body is not a JSON object");
            }
            if (parser.nextToken() != null) {
                throw new BadRequestException("the body goes on after its JSON");
            }
            return request;
        } catch (JsonProcessingException e) {
            throw new BadRequestException("the body is not JSON: " + e.getOriginalMessage());
        } catch (IOException e) {
            throw new BadRequestException("the body is not JSON in UTF-8");
        }
    }

    private static SqlRequest object(JsonParser parser) throws IOException {
        Draft draft = new Draft();
        List<SqlQuery> queries = null;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            parser.nextToken();
            if (name.equals("queries")) {
                require(parser, JsonToken.START_ARRAY, "\"queries\" is not an array");
                queries = queries(parser);
            } else {
                draft.field(name, parser);
            }
        }
        if (queries != null) {
            if (draft.text != null) {
                throw new BadRequestException("the body has both \"query\" and \"queries\"");
            }
            return new SqlRequest(queries, true);
        }
        return new SqlRequest(List.of(draft.query()), false);
    }

    private static List<SqlQuery> queries(JsonParser parser) throws IOException {
        List<SqlQuery> queries = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            require(parser, JsonToken.START_OBJECT, "a query is not a JSON object");
            Draft draft = new Draft();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                parser.nextToken();
                draft.field(name, parser);
            }
            queries.add(draft.query());
        }
        return Collections.unmodifiableList(queries);
    }

    private static void require(JsonParser parser, JsonToken token, String otherwise) {
        if (parser.currentToken() != token) {
            throw new BadRequestException(otherwise);
        }
    }

    /** A query as far as it was read. */
    private static final class Draft {
        private @Nullable String text;
        private List<@Nullable String> parameters = List.of();
        private @Nullable Boolean arrayMode;

        void field(String name, JsonParser parser) throws IOException {
            switch (name) {
                case "query" -> {
                    require(parser, JsonToken.VALUE_STRING, "\"query\" is not a string");
                    text = withoutZeros(checked(parser.getText()));
                }
                case "params" -> {
                    require(parser, JsonToken.START_ARRAY, "\"params\" is not an array");
                    parameters = parameters(parser);
                }
                case "arrayMode" -> arrayMode = flag(parser);
                // Clients of other services send more, which changes nothing here.
                default -> parser.skipChildren();
            }
        }

        private static @Nullable Boolean flag(JsonParser parser) {
            return switch (parser.currentToken()) {
                case VALUE_TRUE -> true;
                case VALUE_FALSE -> false;
                case VALUE_NULL -> null;
                default -> throw new BadRequestException("\"arrayMode\" is not a boolean");
            };
        }

        SqlQuery query() {
            if (text == null) {
                throw new BadRequestException("the body has no \"query\"");
            }
            return new SqlQuery(text, parameters, arrayMode);
        }
    }

    private static List<@Nullable String> parameters(JsonParser parser) throws IOException {
        List<@Nullable String> parameters = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parameters.size() == MAX_PARAMETERS) {
                throw new BadRequestException(
                        "a query has more than " + MAX_PARAMETERS + " parameters");
            }
            parameters.add(parameter(parser));
        }
        return Collections.unmodifiableList(parameters);
    }

    private static @Nullable String parameter(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case VALUE_NULL -> null;
            case START_OBJECT -> json(parser);
            case START_ARRAY -> {
                StringBuilder array = new StringBuilder();
                array(parser, array);
                yield array.toString();
            }
            default -> checked(parser.getText());
        };
    }

    private static String json(JsonParser parser) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator generator = JSON.createGenerator(text)) {
            generator.copyCurrentStructureExact(parser);
        }
        return checked(text.toString());
    }

    private static void array(JsonParser parser, StringBuilder out) throws IOException {
        out.append('{');
        boolean first = true;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (!first) {
                out.append(',');
            }
            first = false;
            switch (parser.currentToken()) {
                case VALUE_NULL -> out.append("NULL");
                case START_ARRAY -> array(parser, out);
                case START_OBJECT -> quoted(json(parser), out);
                case VALUE_STRING -> quoted(checked(parser.getText()), out);
                default -> out.append(parser.getText());
            }
        }
        out.append('}');
    }

    private static void quoted(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\');
            }
            out.append(c);
        }
        out.append('"');
    }

    /** JSON can write half a character, which UTF-8 cannot. */
    private static String checked(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)) {
                boolean pair =
                        Character.isHighSurrogate(c)
                                && i + 1 < text.length()
                                && Character.isLowSurrogate(text.charAt(i + 1));
                if (!pair) {
                    throw new BadRequestException(
                            BAD_TEXT, "invalid byte sequence for encoding \"UTF8\"");
                }
                i++;
            }
        }
        return text;
    }

    /** A zero byte in a parameter is Postgres's to refuse; one in a query would end it. */
    private static String withoutZeros(String text) {
        if (text.indexOf('\0') >= 0) {
            throw new BadRequestException(
                    BAD_TEXT, "invalid byte sequence for encoding \"UTF8\": 0x00");
        }
        return text;
    }
}
