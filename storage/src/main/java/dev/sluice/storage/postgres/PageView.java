package dev.sluice.storage.postgres;

import java.util.List;
import java.util.Map;

/**
 * A page taken apart for people and programs. Values in the maps are text, {@link Long}s, {@link
 * Boolean}s and lists of these; the maps' order is that to show them in.
 *
 * @param kind what wrote the page: {@code heap}, {@code btree leaf}, {@code visibility map}, …
 * @param header the page header's fields
 * @param special the fields of the access method's special area; empty if there is none
 * @param content what the page holds outside of items: a meta page's fields, a visibility map's
 *     bits
 * @param items one for each line pointer
 * @param problems what could not be made out, and why
 */
public record PageView(
        String kind,
        Map<String, Object> header,
        Map<String, Object> special,
        Map<String, Object> content,
        List<Map<String, Object>> items,
        List<String> problems) {}
