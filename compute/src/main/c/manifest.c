/* The manifest: mapping it, finding records, and the bits. shim.h documents the file. */
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct manifest_header *shim_manifest;
static uint8_t *base;

static void refuse(const char *path, const char *what) {
    shim_say("manifest %s: %s", path, what);
    _exit(78); /* EX_CONFIG: without its pages this Postgres must not start */
}

static bool sound_layout(const struct manifest_header *h, uint64_t size) {
    uint64_t records = (uint64_t)h->records * sizeof(struct manifest_record);
    return h->file_bytes == size && h->records_at == sizeof *h && h->bits % 64 == 0 &&
           h->states_at >= h->records_at + records && h->states_at <= size &&
           h->present_at >= h->states_at + 4 * (uint64_t)h->records && h->present_at <= size &&
           h->claimed_at >= h->present_at + h->bits / 8 && h->claimed_at <= size &&
           size - h->claimed_at >= h->bits / 8 && h->present_at % 64 == 0 &&
           h->claimed_at % 64 == 0 && h->wal_segment_bytes >= 1u << 20 &&
           (h->wal_segment_bytes & (h->wal_segment_bytes - 1)) == 0;
}

void shim_manifest_map(const char *path) {
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    if (fd < 0)
        refuse(path, strerror(errno));
    off_t size = (off_t)syscall(SYS_lseek, fd, 0L, SEEK_END);
    if (size < (off_t)sizeof(struct manifest_header))
        refuse(path, "too short");
    base = mmap(0, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED)
        refuse(path, strerror(errno));
    syscall(SYS_close, fd);
    struct manifest_header *h = (struct manifest_header *)base;
    if (h->magic != MANIFEST_MAGIC)
        refuse(path, "wrong magic");
    if (h->version != MANIFEST_VERSION)
        refuse(path, "another version than this shim's");
    if (!sound_layout(h, (uint64_t)size))
        refuse(path, "lengths and offsets contradict each other");
    uint32_t crc = shim_crc32c(0, base, 64);
    crc = shim_crc32c(crc, base + h->records_at,
                      (size_t)h->records * sizeof(struct manifest_record));
    if (crc != h->crc)
        refuse(path, "wrong checksum");
    shim_manifest = h;
}

const struct manifest_record *shim_record(uint32_t index) {
    return (const struct manifest_record *)(base + shim_manifest->records_at) + index;
}

_Atomic uint32_t *shim_state(uint32_t index) {
    return (_Atomic uint32_t *)(base + shim_manifest->states_at) + index;
}

static int order(uint32_t a, uint32_t b) {
    return a < b ? -1 : a > b;
}

static int compare(const struct manifest_record *a, const struct manifest_record *b) {
    int o = order(a->tablespace, b->tablespace);
    if (!o)
        o = order(a->database, b->database);
    if (!o)
        o = order(a->relation, b->relation);
    if (!o)
        o = order(a->fork, b->fork);
    return o ? o : order(a->segment, b->segment);
}

/* The first record that is not below the wanted one. */
static uint32_t lower_bound(const struct manifest_record *wanted) {
    uint32_t low = 0, high = shim_manifest->records;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare(shim_record(middle), wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int64_t shim_manifest_find(const struct manifest_record *wanted) {
    uint32_t at = lower_bound(wanted);
    return at < shim_manifest->records && compare(shim_record(at), wanted) == 0 ? (int64_t)at : -1;
}

uint32_t shim_manifest_first(uint32_t tablespace, uint32_t database) {
    struct manifest_record wanted = {.tablespace = tablespace, .database = database};
    return lower_bound(&wanted);
}

static _Atomic uint64_t *word(uint64_t bitmap_at, uint64_t bit) {
    return (_Atomic uint64_t *)(base + bitmap_at) + bit / 64;
}

bool shim_bit(uint64_t bitmap_at, uint64_t bit) {
    return atomic_load_explicit(word(bitmap_at, bit), memory_order_acquire) >> (bit % 64) & 1;
}

void shim_bit_set(uint64_t bitmap_at, uint64_t bit) {
    atomic_fetch_or(word(bitmap_at, bit), UINT64_C(1) << (bit % 64));
}

void shim_bit_clear(uint64_t bitmap_at, uint64_t bit) {
    atomic_fetch_and(word(bitmap_at, bit), ~(UINT64_C(1) << (bit % 64)));
}

bool shim_bit_take(uint64_t bitmap_at, uint64_t bit) {
    uint64_t mask = UINT64_C(1) << (bit % 64);
    return !(atomic_fetch_or(word(bitmap_at, bit), mask) & mask);
}
