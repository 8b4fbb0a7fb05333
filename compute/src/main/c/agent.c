/*
 * The connection to the agent: one per process, made when first needed. Frames are those of
 * dev.sluice.wire.part.PartChannel, all integers big-endian:
 *
 *   magic "SLCE" | u16 version | u16 type | u32 payload bytes | u32 CRC32C | payload
 *
 *   to the agent                                                    answered by
 *   1 READ      u32 tablespace database relation fork first count   PAGES or FAILED
 *   2 PREFETCH  the same                                            nothing
 *   3 FLUSH     u64 LSN                                             FLUSHED or FAILED
 *   from the agent
 *   4 PAGES     count x 8192 bytes
 *   5 FLUSHED   nothing
 *   6 FAILED    the reason, UTF-8
 */
#include "shim.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

enum { READ = 1, PREFETCH = 2, FLUSH = 3, PAGES = 4, FLUSHED = 5, FAILED = 6 };

#define MAGIC 0x534C4345u
#define VERSION 1u
#define HEADER_BYTES 16
#define BUFFER_BYTES ((size_t)AGENT_MAX_BLOCKS * BLOCK_BYTES)

/* Away from the low numbers that a program closes by guess. */
#define SOCKET_FROM 600

static pthread_mutex_t connection = PTHREAD_MUTEX_INITIALIZER;
static int socket_fd = -1;
static pid_t socket_owner;
static uint8_t *buffer;

static void put32(uint8_t *to, uint32_t value) {
    value = htonl(value);
    memcpy(to, &value, 4);
}

static uint32_t get32(const uint8_t *from) {
    uint32_t value;
    memcpy(&value, from, 4);
    return ntohl(value);
}

static int why(char *reason, const char *what, int error) {
    if (error)
        snprintf(reason, AGENT_REASON_BYTES, "%s: %s", what, strerror(error));
    else
        snprintf(reason, AGENT_REASON_BYTES, "%s", what);
    return -1;
}

static void hang_up(void) {
    if (socket_fd >= 0)
        syscall(SYS_close, socket_fd);
    socket_fd = -1;
}

static int call(char *reason) {
    if (!buffer) {
        void *memory = mmap(NULL, BUFFER_BYTES, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            return why(reason, "no memory for pages", errno);
        buffer = memory;
    }
    if (socket_owner != getpid()) {
        hang_up(); /* the parent's, inherited: closing our copy does not end its conversation */
        socket_owner = getpid();
    }
    if (socket_fd >= 0)
        return 0;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return why(reason, "no socket for the agent", errno);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, shim_socket, strlen(shim_socket) + 1);
    while (connect(fd, (struct sockaddr *)&address, sizeof address)) {
        if (errno == EINTR)
            continue;
        int error = errno;
        syscall(SYS_close, fd);
        return why(reason, "the agent cannot be reached", error);
    }
    socket_fd = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, SOCKET_FROM);
    if (socket_fd >= 0)
        syscall(SYS_close, fd);
    else
        socket_fd = fd; /* few descriptors allowed: it stays where it is */
    return 0;
}

static int send_frame(uint16_t type, const uint8_t *payload, uint32_t count, char *reason) {
    uint8_t frame[HEADER_BYTES + 64];
    put32(frame, MAGIC);
    put32(frame + 4, VERSION << 16 | type);
    put32(frame + 8, count);
    put32(frame + 12, shim_crc32c(shim_crc32c(0, frame, 12), payload, count));
    memcpy(frame + HEADER_BYTES, payload, count);
    size_t left = HEADER_BYTES + count;
    for (const uint8_t *at = frame; left > 0;) {
        ssize_t n = send(socket_fd, at, left, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return why(reason, "cannot write to the agent", errno);
        at += n;
        left -= (size_t)n;
    }
    return 0;
}

static int receive(uint8_t *into, size_t bytes, char *reason) {
    while (bytes > 0) {
        ssize_t n = recv(socket_fd, into, bytes, MSG_WAITALL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return why(reason, "cannot read from the agent", errno);
        if (n == 0)
            return why(reason, "the agent closed the connection", 0);
        into += n;
        bytes -= (size_t)n;
    }
    return 0;
}

/*
 * Receives one frame into the buffer. 0, or -1 with a reason: nothing on this connection can be
 * believed any more.
 */
static int receive_frame(uint32_t *type, uint32_t *count, char *reason) {
    uint8_t header[HEADER_BYTES];
    if (receive(header, sizeof header, reason))
        return -1;
    if (get32(header) != MAGIC || get32(header + 4) >> 16 != VERSION)
        return why(reason, "the agent answered with something that is no frame", 0);
    *type = get32(header + 4) & 0xFFFF;
    *count = get32(header + 8);
    if (*count > BUFFER_BYTES)
        return why(reason, "the agent's answer is too long", 0);
    if (receive(buffer, *count, reason))
        return -1;
    if (shim_crc32c(shim_crc32c(0, header, 12), buffer, *count) != get32(header + 12))
        return why(reason, "the agent's answer fails its checksum", 0);
    return 0;
}

/* 0 answered, 1 refused with a reason, -1 the connection is no good. */
static int ask_once(uint16_t type, const uint8_t *payload, uint32_t count, uint16_t wanted,
                    uint32_t wanted_count, char *reason) {
    uint32_t answer, length;
    if (call(reason))
        return -1;
    if (send_frame(type, payload, count, reason) || receive_frame(&answer, &length, reason)) {
        hang_up();
        return -1;
    }
    if (answer == wanted && length == wanted_count)
        return 0;
    if (answer == FAILED) {
        snprintf(reason, AGENT_REASON_BYTES, "%.*s", (int)length, (const char *)buffer);
        return 1;
    }
    hang_up();
    return why(reason, "the agent's answer is not to the question", 0);
}

/* Every request may be repeated, so a connection that broke is made anew, once. */
static int ask(uint16_t type, const uint8_t *payload, uint32_t count, uint16_t wanted,
               uint32_t wanted_count, char *reason) {
    int result = ask_once(type, payload, count, wanted, wanted_count, reason);
    if (result < 0)
        result = ask_once(type, payload, count, wanted, wanted_count, reason);
    return result ? -1 : 0;
}

static void put_range(uint8_t out[24], const struct agent_range *range) {
    put32(out, range->tablespace);
    put32(out + 4, range->database);
    put32(out + 8, range->relation);
    put32(out + 12, range->fork);
    put32(out + 16, range->first_block);
    put32(out + 20, range->count);
}

int agent_read(const struct agent_range *range, const uint8_t **pages, char *reason) {
    uint8_t payload[24];
    put_range(payload, range);
    pthread_mutex_lock(&connection);
    *pages = NULL;
    if (ask(READ, payload, sizeof payload, PAGES, range->count * BLOCK_BYTES, reason))
        return -1;
    *pages = buffer;
    return 0;
}

void agent_done(void) {
    pthread_mutex_unlock(&connection);
}

void agent_prefetch(const struct agent_range *range) {
    uint8_t payload[24];
    char reason[AGENT_REASON_BYTES]; /* only advice: the read that follows will tell */
    put_range(payload, range);
    pthread_mutex_lock(&connection);
    if (call(reason) == 0 && send_frame(PREFETCH, payload, sizeof payload, reason))
        hang_up();
    pthread_mutex_unlock(&connection);
}

int agent_flush(uint64_t written_up_to, char *reason) {
    uint8_t payload[8];
    put32(payload, (uint32_t)(written_up_to >> 32));
    put32(payload + 4, (uint32_t)written_up_to);
    pthread_mutex_lock(&connection);
    int result = ask(FLUSH, payload, sizeof payload, FLUSHED, 0, reason);
    pthread_mutex_unlock(&connection);
    return result;
}
