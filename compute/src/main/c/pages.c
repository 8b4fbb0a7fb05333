/* Making relation files, bringing their blocks, and forgetting blocks that Postgres cut off. */
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* How long to wait for another process that makes a file or brings a block; then it is an error. */
#define PATIENCE_MS 120000

/* A hole of present blocks up to this size is fetched along rather than paid for by a round trip. */
#define HOLE_BLOCKS 8

static const char *const suffixes[] = {"", "_fsm", "_vm", "_init"};

static void file_name(const struct manifest_record *r, char *out, size_t size) {
    char segment[16] = "";
    if (r->segment)
        snprintf(segment, sizeof segment, ".%u", r->segment);
    if (r->tablespace == TABLESPACE_GLOBAL)
        snprintf(out, size, "%s/global/%u%s%s", shim_data, r->relation, suffixes[r->fork & 3],
                 segment);
    else
        snprintf(out, size, "%s/base/%u/%u%s%s", shim_data, r->database, r->relation,
                 suffixes[r->fork & 3], segment);
}

/* Sleeps a little longer each time; false when patience has run out. */
static bool wait_turn(uint64_t *waited_us) {
    uint64_t us = *waited_us < 1000 ? 20 : *waited_us < 100000 ? 200 : 2000;
    struct timespec pause = {.tv_nsec = (long)us * 1000};
    nanosleep(&pause, NULL);
    *waited_us += us;
    return *waited_us < PATIENCE_MS * UINT64_C(1000);
}

static int create_sparse(const struct manifest_record *r) {
    char name[4096 + 64];
    file_name(r, name, sizeof name);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        shim_say("cannot make %s: error %d", name, errno);
        return -1;
    }
    int result = (int)syscall(SYS_ftruncate, fd, (off_t)r->blocks * BLOCK_BYTES);
    int error = errno;
    syscall(SYS_close, fd);
    if (result) {
        shim_say("cannot size %s: error %d", name, error);
        syscall(SYS_unlinkat, AT_FDCWD, name, 0);
    }
    errno = error;
    return result;
}

int shim_materialise(uint32_t record) {
    _Atomic uint32_t *state = shim_state(record);
    uint64_t waited = 0;
    while (*state != STATE_MATERIALISED) {
        uint32_t absent = STATE_ABSENT;
        if (atomic_compare_exchange_strong(state, &absent, STATE_CREATING)) {
            int result = create_sparse(shim_record(record));
            *state = result ? STATE_ABSENT : STATE_MATERIALISED;
            return result;
        }
        if (absent == STATE_CREATING && !wait_turn(&waited)) {
            char name[4096 + 64];
            file_name(shim_record(record), name, sizeof name);
            shim_say("gave up waiting for another process to make %s", name);
            errno = EIO;
            return -1;
        }
    }
    return 0;
}

int shim_materialise_directory(uint32_t tablespace, uint32_t database) {
    uint32_t at = shim_manifest_first(tablespace, database);
    for (; at < shim_manifest->records; at++) {
        const struct manifest_record *r = shim_record(at);
        if (r->tablespace != tablespace || r->database != database)
            break;
        if (shim_materialise(at))
            return -1;
    }
    return 0;
}

static bool present(const struct manifest_record *r, uint32_t block) {
    return shim_bit(shim_manifest->present_at, r->first_bit + block);
}

static int failed(const struct manifest_record *r, uint32_t block, const char *reason, int error) {
    shim_say("cannot bring block %u of relation %u/%u/%u fork %u: %s",
             r->segment * SEGMENT_BLOCKS + block, r->tablespace, r->database, r->relation, r->fork,
             reason);
    errno = error;
    return -1;
}

/* Waits until somebody else's claim on the block is gone, whatever came of it. */
static int wait_for_claim(const struct manifest_record *r, uint32_t block) {
    uint64_t waited = 0;
    while (shim_bit(shim_manifest->claimed_at, r->first_bit + block) && !present(r, block))
        if (!wait_turn(&waited))
            return failed(r, block, "another process has been bringing it for too long", EIO);
    return 0;
}

static void release(const struct manifest_record *r, uint32_t first, const bool *mine,
                    uint32_t count, bool done) {
    for (uint32_t i = 0; i < count; i++) {
        if (!mine[i])
            continue;
        if (done)
            shim_bit_set(shim_manifest->present_at, r->first_bit + first + i);
        shim_bit_clear(shim_manifest->claimed_at, r->first_bit + first + i);
    }
}

static int put(int fd, const uint8_t *from, size_t bytes, off_t at) {
    while (bytes > 0) {
        ssize_t n = syscall(SYS_pwrite64, fd, from, bytes, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        from += n;
        bytes -= (size_t)n;
        at += n;
    }
    return 0;
}

/*
 * Writes the claimed pages into the file, through a descriptor of its own: the caller's may be
 * read-only or refer to a file that was since removed.
 */
static int store(const struct manifest_record *r, uint32_t first, const bool *mine, uint32_t count,
                 const uint8_t *pages) {
    char name[4096 + 64];
    file_name(r, name, sizeof name);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return failed(r, first, "its local file cannot be opened", errno);
    int result = 0;
    for (uint32_t i = 0; i < count && !result;) {
        uint32_t end = i;
        while (end < count && mine[end])
            end++;
        if (end > i)
            result = put(fd, pages + (size_t)i * BLOCK_BYTES, (size_t)(end - i) * BLOCK_BYTES,
                         (off_t)(first + i) * BLOCK_BYTES);
        i = end + 1;
    }
    int error = errno;
    syscall(SYS_close, fd);
    return result ? failed(r, first, "its local file cannot be written", error) : 0;
}

/* Fetches count blocks from first on, of which this process has claimed mine. */
static int bring(const struct manifest_record *r, uint32_t first, const bool *mine,
                 uint32_t count) {
    struct agent_range range = {.tablespace = r->tablespace,
                                .database = r->database,
                                .relation = r->relation,
                                .fork = r->fork,
                                .first_block = r->segment * SEGMENT_BLOCKS + first,
                                .count = count};
    char reason[AGENT_REASON_BYTES];
    const uint8_t *pages;
    int result = agent_read(&range, &pages, reason);
    if (result)
        failed(r, first, reason, EIO);
    else
        result = store(r, first, mine, count, pages);
    agent_done();
    int error = errno;
    release(r, first, mine, count, result == 0);
    errno = error;
    return result;
}

/*
 * Brings absent blocks of [first, end). Claims a run, brings it, lets it go, goes on: nothing is
 * held while waiting for another process, so nobody can wait in a circle.
 */
static int ensure_blocks(const struct manifest_record *r, uint32_t first, uint32_t end) {
    uint64_t claimed_at = shim_manifest->claimed_at;
    while (first < end) {
        if (present(r, first)) {
            first++;
            continue;
        }
        bool mine[AGENT_MAX_BLOCKS] = {false};
        uint32_t count = 0, last = 0;
        for (; count < AGENT_MAX_BLOCKS && first + count < end; count++) {
            uint32_t block = first + count;
            if (present(r, block)) {
                if (count - last > HOLE_BLOCKS)
                    break;
                continue;
            }
            if (!shim_bit_take(claimed_at, r->first_bit + block))
                break;
            if (present(r, block)) { /* brought between the look and the claim */
                shim_bit_clear(claimed_at, r->first_bit + block);
                continue;
            }
            mine[count] = true;
            last = count;
        }
        if (mine[last]) {
            if (bring(r, first, mine, last + 1))
                return -1;
            first += last + 1;
        } else if (wait_for_claim(r, first)) {
            return -1;
        }
    }
    return 0;
}

/* The record's blocks that bytes [offset, offset + bytes) touch. */
static void blocks_of(const struct manifest_record *r, off_t offset, uint64_t bytes,
                      uint32_t *first, uint32_t *end) {
    uint64_t from = (uint64_t)offset / BLOCK_BYTES;
    uint64_t to = bytes > (uint64_t)INT64_MAX - (uint64_t)offset
                      ? r->blocks
                      : ((uint64_t)offset + bytes + BLOCK_BYTES - 1) / BLOCK_BYTES;
    *first = from > r->blocks ? r->blocks : (uint32_t)from;
    *end = to > r->blocks ? r->blocks : (uint32_t)to;
}

int shim_ensure(uint32_t record, off_t offset, size_t bytes) {
    const struct manifest_record *r = shim_record(record);
    uint32_t first, end;
    if (offset < 0 || bytes == 0)
        return 0; /* the kernel has the right answer */
    blocks_of(r, offset, bytes, &first, &end);
    return ensure_blocks(r, first, end);
}

int shim_ensure_all(uint32_t record) {
    const struct manifest_record *r = shim_record(record);
    return ensure_blocks(r, 0, r->blocks);
}

void shim_prefetch(uint32_t record, off_t offset, off_t bytes) {
    const struct manifest_record *r = shim_record(record);
    uint32_t block, end;
    if (offset < 0 || bytes < 0)
        return;
    /* To posix_fadvise no length means: to the end. */
    blocks_of(r, offset, bytes ? (uint64_t)bytes : (uint64_t)INT64_MAX, &block, &end);
    while (block < end) {
        if (present(r, block)) {
            block++;
            continue;
        }
        uint32_t count = 1;
        while (count < AGENT_MAX_BLOCKS && block + count < end && !present(r, block + count))
            count++;
        struct agent_range range = {.tablespace = r->tablespace,
                                    .database = r->database,
                                    .relation = r->relation,
                                    .fork = r->fork,
                                    .first_block = r->segment * SEGMENT_BLOCKS + block,
                                    .count = count};
        agent_prefetch(&range);
        block += count;
    }
}

/*
 * A block being brought while its file shrinks would make the file grow again. So the cutter takes
 * the claims first; whoever wants to bring one of them waits, and then finds it "present": what
 * lies there now, if anything, is local.
 */
int shim_cut_begin(uint32_t record, uint32_t first_block) {
    const struct manifest_record *r = shim_record(record);
    for (uint32_t block = first_block; block < r->blocks; block++) {
        while (!present(r, block) &&
               !shim_bit_take(shim_manifest->claimed_at, r->first_bit + block)) {
            if (wait_for_claim(r, block)) {
                r = shim_record(record);
                for (uint32_t b = first_block; b < block; b++)
                    if (!present(r, b))
                        shim_bit_clear(shim_manifest->claimed_at, r->first_bit + b);
                return -1;
            }
        }
    }
    return 0;
}

void shim_cut_end(uint32_t record, uint32_t first_block, bool done) {
    const struct manifest_record *r = shim_record(record);
    for (uint32_t block = first_block; block < r->blocks; block++) {
        if (present(r, block))
            continue;
        if (done)
            shim_bit_set(shim_manifest->present_at, r->first_bit + block);
        shim_bit_clear(shim_manifest->claimed_at, r->first_bit + block);
    }
}
