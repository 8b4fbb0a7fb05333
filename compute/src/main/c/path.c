/*
 * What a path names. Postgres works from inside its data directory with relative paths
 * ("base/5/1259_vm.1", "pg_wal/000000010000000000000003"); tools and start-up use absolute ones.
 */
#include "shim.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The longest name that matters, base/4294967295/4294967295_init.4294967295, fits well. */
#define NAME_BYTES 96

/* What follows the data directory in an absolute path; null when it is not below it. */
static const char *below(const char *path, const char *directory) {
    size_t length = strlen(directory);
    return length && strncmp(path, directory, length) == 0 && path[length] == '/'
               ? path + length + 1
               : NULL;
}

/*
 * Joins the components with single slashes, resolving "." and "..". False when the result leaves
 * the directory or is longer than any name of ours.
 */
static bool tidy(const char *path, char out[NAME_BYTES]) {
    size_t length = 0;
    while (*path) {
        size_t part = strcspn(path, "/");
        if (part == 2 && path[0] == '.' && path[1] == '.') {
            if (length == 0)
                return false;
            while (length > 0 && out[--length] != '/')
                ;
        } else if (part > 0 && !(part == 1 && path[0] == '.')) {
            if (length + part + 2 > NAME_BYTES)
                return false;
            if (length > 0)
                out[length++] = '/';
            memcpy(out + length, path, part);
            length += part;
        }
        path += part;
        path += *path == '/';
    }
    out[length] = 0;
    return true;
}

/* A decimal number as Postgres prints an oid: no sign, no leading zero, 32 bits. */
static bool number(const char **at, uint32_t *out) {
    const char *p = *at;
    uint64_t value = 0;
    if (*p < '1' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (uint64_t)(*p - '0');
        if (value > UINT32_MAX)
            return false;
    }
    *at = p;
    *out = (uint32_t)value;
    return true;
}

static bool relation_file(const char *p, struct manifest_record *out) {
    static const struct {
        const char *suffix;
        uint32_t fork;
    } forks[] = {{"_fsm", 1}, {"_vm", 2}, {"_init", 3}};
    if (!number(&p, &out->relation))
        return false;
    for (size_t i = 0; *p == '_' && i < sizeof forks / sizeof *forks; i++) {
        size_t length = strlen(forks[i].suffix);
        if (strncmp(p, forks[i].suffix, length) == 0) {
            out->fork = forks[i].fork;
            p += length;
        }
    }
    if (*p == '.') {
        p++;
        if (!number(&p, &out->segment))
            return false;
    }
    return *p == 0;
}

static bool hex(const char *p, uint32_t *out) {
    *out = 0;
    for (int i = 0; i < 8; i++) {
        char c = p[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (digit < 0)
            return false;
        *out = *out << 4 | (uint32_t)digit;
    }
    return true;
}

static bool wal_file(const char *p, struct path_name *out) {
    uint32_t high, low;
    if (strlen(p) != 24 || !hex(p, &out->wal_timeline) || !hex(p + 8, &high) || !hex(p + 16, &low))
        return false;
    out->wal_start = ((uint64_t)high << 32) + (uint64_t)low * shim_manifest->wal_segment_bytes;
    return true;
}

static void classify(const char *name, struct path_name *out) {
    struct manifest_record *relation = &out->relation;
    if (strncmp(name, "base/", 5) == 0) {
        const char *p = name + 5;
        relation->tablespace = TABLESPACE_DEFAULT;
        if (!number(&p, &relation->database))
            return;
        if (*p == 0)
            out->kind = PATH_RELATION_DIRECTORY;
        else if (*p == '/' && relation_file(p + 1, relation))
            out->kind = PATH_RELATION;
    } else if (strncmp(name, "global", 6) == 0) {
        relation->tablespace = TABLESPACE_GLOBAL;
        if (name[6] == 0)
            out->kind = PATH_RELATION_DIRECTORY;
        else if (name[6] == '/' && relation_file(name + 7, relation))
            out->kind = PATH_RELATION;
    } else if (strncmp(name, "pg_wal/", 7) == 0 && wal_file(name + 7, out)) {
        out->kind = PATH_WAL;
    }
}

void shim_path(int directory, const char *path, struct path_name *out) {
    char joined[4096 + 512];
    char name[NAME_BYTES];
    *out = (struct path_name){.kind = PATH_PLAIN};
    if (!shim_active || !path || !*path)
        return;
    if (*path != '/') {
        if (directory == AT_FDCWD && shim_in_data) {
            if (tidy(path, name))
                classify(name, out);
            return;
        }
        char link[64];
        snprintf(link, sizeof link, directory == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d",
                 directory);
        ssize_t length = readlink(link, joined, 4096);
        if (length <= 0 || strlen(path) > 500)
            return;
        snprintf(joined + length, sizeof joined - (size_t)length, "/%s", path);
        path = joined;
    }
    const char *rest = below(path, shim_data);
    if (!rest)
        rest = below(path, shim_data_real);
    if (rest && tidy(rest, name))
        classify(name, out);
}
