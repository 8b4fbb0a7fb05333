/*
 * The shim: a library preloaded into an unmodified Postgres. It stands between Postgres and libc
 * for the files of a data directory and does two things.
 *
 *   Pages on demand.  Relation files do not exist when Postgres starts; a manifest lists them. A
 *                     path that names one makes it: sparse, at its logical size. A block that is
 *                     read before it was brought here is first fetched from the agent.
 *   Flush is quorum.  fdatasync/fsync of a WAL segment asks the agent, who answers when a quorum of
 *                     safekeepers has the WAL. Every other sync is free: local files are a cache.
 *
 * Blocks that the manifest does not list, and files that it does not list, are plain local files.
 * Every failure is an errno and a line on stderr that names what could not be had; never a page of
 * zeros.
 *
 * main.c      start-up, messages           manifest.c  the shared file below
 * path.c      what a path names            pages.c     making files, fetching blocks, forgetting them
 * wal.c       positions and flushes        agent.c     the connection to the agent
 * crc32c.c    checksums                    calls_*.c   the interposed functions
 */
#ifndef SLUICE_SHIM_H
#define SLUICE_SHIM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the manifest is little-endian; so must the machine be"
#endif

#define SHIM_EXPORT __attribute__((visibility("default")))

#define BLOCK_BYTES 8192u            /* BLCKSZ */
#define SEGMENT_BLOCKS 131072u       /* RELSEG_SIZE: 1 GiB */
#define TABLESPACE_DEFAULT 1663u     /* base/N/ */
#define TABLESPACE_GLOBAL 1664u      /* global/ */

/* ---- The manifest: one file, mapped shared by every process of the compute and by the agent. ----
 *
 * Little-endian. dev.sluice.compute.shim.ShimFile writes it and documents it in the same words.
 *
 *   header    128 bytes, below
 *   records   32 bytes each, ascending by (tablespace, database, relation, fork, segment)
 *   states    u32 per record
 *   present   one bit per block, u64 words; each record's bits begin at a word
 *   claimed   the same shape
 *
 * Header up to "crc" and the records never change; crc is the CRC32C of header bytes 0..63 and of
 * the records. States go 0 -> 1 -> 2 (or back to 0 when the file could not be made) and stay at 2:
 * what Postgres removed stays removed. A present bit, once set, stays set: the local file has the
 * block, or Postgres has cut it off. A claimed bit is held by the one process that is bringing the
 * block, or cutting it off; others wait for it.
 */
#define MANIFEST_MAGIC 0x4D534C53u   /* "SLSM" */
#define MANIFEST_VERSION 1u

struct manifest_header {
    uint32_t magic;
    uint32_t version;
    uint64_t file_bytes;
    uint32_t records;
    uint32_t wal_segment_bytes;
    uint64_t records_at;             /* byte offsets in the file */
    uint64_t states_at;
    uint64_t present_at;
    uint64_t claimed_at;
    uint64_t bits;                   /* in each of the two bitmaps, a multiple of 64 */
    uint32_t crc;
    uint32_t reserved;
    _Atomic uint64_t wal_written;    /* end of the last WAL page written locally; 0: none yet */
    _Atomic uint32_t attached;       /* process id of the postmaster that has the shim; 0: none yet */
    uint8_t padding[128 - 84];
};

struct manifest_record {             /* one segment file of one fork */
    uint32_t tablespace;
    uint32_t database;
    uint32_t relation;
    uint32_t fork;                   /* 0 main, 2 visibility map, 3 init */
    uint32_t segment;
    uint32_t blocks;                 /* in this segment, at most SEGMENT_BLOCKS */
    uint64_t first_bit;
};

_Static_assert(sizeof(struct manifest_header) == 128, "header layout");
_Static_assert(sizeof(struct manifest_record) == 32, "record layout");

enum { STATE_ABSENT = 0, STATE_CREATING = 1, STATE_MATERIALISED = 2 };

extern struct manifest_header *shim_manifest;

/* Maps and checks the file; exits the process with a message when it is not a sound manifest. */
void shim_manifest_map(const char *path);
const struct manifest_record *shim_record(uint32_t index);
_Atomic uint32_t *shim_state(uint32_t index);
/* Index of the record, or -1. The segment's blocks are ignored in the comparison. */
int64_t shim_manifest_find(const struct manifest_record *wanted);
/* First record at or after (tablespace, database); for walking one directory. */
uint32_t shim_manifest_first(uint32_t tablespace, uint32_t database);

bool shim_bit(uint64_t bitmap_at, uint64_t bit);
void shim_bit_set(uint64_t bitmap_at, uint64_t bit);
void shim_bit_clear(uint64_t bitmap_at, uint64_t bit);
/* True when this call set it. */
bool shim_bit_take(uint64_t bitmap_at, uint64_t bit);

/* ---- main.c ---- */
extern bool shim_active;             /* false in any process but a Postgres with the environment */
extern char shim_data[];             /* the data directory, absolute, no trailing slash */
extern char shim_data_real[];        /* the same with symbolic links resolved */
extern char shim_socket[];
extern _Atomic bool shim_in_data;    /* the working directory is the data directory */
void shim_cwd_changed(void);
bool shim_is_postmaster(void);
/* One line on stderr; keeps errno. */
void shim_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- path.c ---- */
enum path_kind { PATH_PLAIN, PATH_RELATION, PATH_RELATION_DIRECTORY, PATH_WAL };

struct path_name {
    enum path_kind kind;
    struct manifest_record relation; /* its name fields; of a directory: tablespace, database */
    uint32_t wal_timeline;
    uint64_t wal_start;              /* the LSN at which the segment begins */
};

void shim_path(int directory, const char *path, struct path_name *out);

/* ---- What an open descriptor is ---- */
enum fd_kind { FD_PLAIN = 0, FD_RELATION, FD_WAL, FD_WAL_SYNCED };

struct fd_entry {
    _Atomic uint32_t kind;
    uint32_t record;
    uint64_t wal_start;
};

#define FD_LIMIT 65536
extern struct fd_entry shim_fds[FD_LIMIT];

static inline struct fd_entry *shim_fd(int fd) {
    return (unsigned)fd < FD_LIMIT && shim_fds[fd].kind != FD_PLAIN ? &shim_fds[fd] : 0;
}

static inline void shim_fd_forget(int fd) {
    if ((unsigned)fd < FD_LIMIT)
        shim_fds[fd].kind = FD_PLAIN;
}

/* ---- pages.c: 0, or -1 with errno ---- */
int shim_materialise(uint32_t record);
int shim_materialise_directory(uint32_t tablespace, uint32_t database);
/* Makes sure that what the file has of these bytes is here. */
int shim_ensure(uint32_t record, off_t offset, size_t bytes);
int shim_ensure_all(uint32_t record);
/* Tells the agent that these bytes will be read soon. */
void shim_prefetch(uint32_t record, off_t offset, off_t bytes);
/* Cutting blocks off: begin waits for whoever is bringing one of them; end says whether it was done. */
int shim_cut_begin(uint32_t record, uint32_t first_block);
void shim_cut_end(uint32_t record, uint32_t first_block, bool done);

/* ---- wal.c ---- */
void shim_wal_wrote(uint64_t end);
int shim_wal_flush(uint64_t segment_start);

/* ---- agent.c: 0, or -1 with the reason in words ---- */
#define AGENT_MAX_BLOCKS 128u        /* in one request: 1 MiB */
#define AGENT_REASON_BYTES 512

struct agent_range {
    uint32_t tablespace, database, relation, fork;
    uint32_t first_block;            /* of the fork, not of the segment */
    uint32_t count;
};

/* On success *pages holds count pages, valid until agent_done; both calls hold the connection. */
int agent_read(const struct agent_range *range, const uint8_t **pages, char *reason);
void agent_done(void);
void agent_prefetch(const struct agent_range *range);
int agent_flush(uint64_t written_up_to, char *reason);

uint32_t shim_crc32c(uint32_t crc, const void *bytes, size_t count);

#endif
