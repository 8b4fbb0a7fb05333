/*
 * Interposed calls on descriptors. Each makes the kernel's call itself: nothing here depends on
 * which libc version a Postgres was built against, nor on when libc is ready.
 */
#include "shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct fd_entry shim_fds[FD_LIMIT];

static size_t total(const struct iovec *parts, int count) {
    size_t bytes = 0;
    for (int i = 0; i < count; i++)
        bytes += parts[i].iov_len;
    return bytes;
}

/*
 * Before bytes of a tracked file are read or changed: what is absent there comes first. A write
 * needs it too: a write may be partial or may fail half way, and a whole-block overwrite of a block
 * that was never read is too rare to deserve a way of its own.
 */
static int before(const struct fd_entry *entry, off_t offset, size_t bytes) {
    return entry && entry->kind == FD_RELATION ? shim_ensure(entry->record, offset, bytes) : 0;
}

static int before_here(const struct fd_entry *entry, int fd, size_t bytes) {
    if (!entry || entry->kind != FD_RELATION)
        return 0;
    off_t here = (off_t)syscall(SYS_lseek, fd, 0L, SEEK_CUR);
    return here < 0 ? -1 : before(entry, here, bytes);
}

/* After n bytes went to a WAL segment at offset. */
static ssize_t wrote(const struct fd_entry *entry, off_t offset, ssize_t n) {
    if (!entry || n <= 0 || (entry->kind != FD_WAL && entry->kind != FD_WAL_SYNCED))
        return n;
    shim_wal_wrote(entry->wal_start + (uint64_t)offset + (uint64_t)n);
    return entry->kind == FD_WAL_SYNCED && shim_wal_flush(entry->wal_start) ? -1 : n;
}

/* After n bytes went to where the descriptor stood. */
static ssize_t wrote_here(const struct fd_entry *entry, int fd, ssize_t n) {
    if (!entry || n <= 0 || entry->kind == FD_RELATION)
        return n;
    off_t here = (off_t)syscall(SYS_lseek, fd, 0L, SEEK_CUR);
    return here < 0 ? -1 : wrote(entry, here - n, n);
}

/* ---- reading ---- */

SHIM_EXPORT ssize_t pread(int fd, void *into, size_t bytes, off_t offset) {
    return before(shim_fd(fd), offset, bytes) ? -1
                                              : syscall(SYS_pread64, fd, into, bytes, offset);
}

SHIM_EXPORT ssize_t pread64(int fd, void *into, size_t bytes, off64_t offset) {
    return pread(fd, into, bytes, offset);
}

SHIM_EXPORT ssize_t __pread_chk(int fd, void *into, size_t bytes, off_t offset, size_t room) {
    if (bytes > room)
        __builtin_trap();
    return pread(fd, into, bytes, offset);
}

SHIM_EXPORT ssize_t __pread64_chk(int fd, void *into, size_t bytes, off_t offset, size_t room) {
    return __pread_chk(fd, into, bytes, offset, room);
}

SHIM_EXPORT ssize_t preadv(int fd, const struct iovec *parts, int count, off_t offset) {
    const struct fd_entry *entry = shim_fd(fd);
    return entry && before(entry, offset, total(parts, count))
               ? -1
               : syscall(SYS_preadv, fd, parts, (long)count, offset, 0L);
}

SHIM_EXPORT ssize_t preadv64(int fd, const struct iovec *parts, int count, off64_t offset) {
    return preadv(fd, parts, count, offset);
}

SHIM_EXPORT ssize_t read(int fd, void *into, size_t bytes) {
    return before_here(shim_fd(fd), fd, bytes) ? -1 : syscall(SYS_read, fd, into, bytes);
}

SHIM_EXPORT ssize_t __read_chk(int fd, void *into, size_t bytes, size_t room) {
    if (bytes > room)
        __builtin_trap();
    return read(fd, into, bytes);
}

SHIM_EXPORT ssize_t readv(int fd, const struct iovec *parts, int count) {
    const struct fd_entry *entry = shim_fd(fd);
    return entry && before_here(entry, fd, total(parts, count))
               ? -1
               : syscall(SYS_readv, fd, parts, (long)count);
}

/* ---- writing ---- */

SHIM_EXPORT ssize_t pwrite(int fd, const void *from, size_t bytes, off_t offset) {
    const struct fd_entry *entry = shim_fd(fd);
    if (before(entry, offset, bytes))
        return -1;
    return wrote(entry, offset, syscall(SYS_pwrite64, fd, from, bytes, offset));
}

SHIM_EXPORT ssize_t pwrite64(int fd, const void *from, size_t bytes, off64_t offset) {
    return pwrite(fd, from, bytes, offset);
}

SHIM_EXPORT ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
    const struct fd_entry *entry = shim_fd(fd);
    if (entry && before(entry, offset, total(parts, count)))
        return -1;
    return wrote(entry, offset, syscall(SYS_pwritev, fd, parts, (long)count, offset, 0L));
}

SHIM_EXPORT ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
    return pwritev(fd, parts, count, offset);
}

SHIM_EXPORT ssize_t write(int fd, const void *from, size_t bytes) {
    const struct fd_entry *entry = shim_fd(fd);
    if (before_here(entry, fd, bytes))
        return -1;
    return wrote_here(entry, fd, syscall(SYS_write, fd, from, bytes));
}

SHIM_EXPORT ssize_t writev(int fd, const struct iovec *parts, int count) {
    const struct fd_entry *entry = shim_fd(fd);
    if (entry && before_here(entry, fd, total(parts, count)))
        return -1;
    return wrote_here(entry, fd, syscall(SYS_writev, fd, parts, (long)count));
}

/* ---- copying without passing through the process ---- */

static int before_at(int fd, const off_t *offset, size_t bytes) {
    const struct fd_entry *entry = shim_fd(fd);
    return offset ? before(entry, *offset, bytes) : before_here(entry, fd, bytes);
}

SHIM_EXPORT ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at,
                                    size_t bytes, unsigned flags) {
    if (before_at(from, from_at, bytes) || before_at(to, to_at, bytes))
        return -1;
    return syscall(SYS_copy_file_range, from, from_at, to, to_at, bytes, (long)flags);
}

SHIM_EXPORT ssize_t sendfile(int to, int from, off_t *from_at, size_t bytes) {
    if (before_at(from, from_at, bytes) || before_at(to, NULL, bytes))
        return -1;
    return syscall(SYS_sendfile, to, from, from_at, bytes);
}

SHIM_EXPORT ssize_t sendfile64(int to, int from, off64_t *from_at, size_t bytes) {
    return sendfile(to, from, from_at, bytes);
}

SHIM_EXPORT void *mmap(void *address, size_t bytes, int protection, int flags, int fd,
                       off_t offset) {
    if (!(flags & MAP_ANONYMOUS) && before(shim_fd(fd), offset, bytes))
        return MAP_FAILED;
    return (void *)syscall(SYS_mmap, address, bytes, (long)protection, (long)flags, (long)fd,
                           offset);
}

SHIM_EXPORT void *mmap64(void *address, size_t bytes, int protection, int flags, int fd,
                         off64_t offset) {
    return mmap(address, bytes, protection, flags, fd, offset);
}

/* ---- sizes and room ---- */

SHIM_EXPORT int ftruncate(int fd, off_t length) {
    const struct fd_entry *entry = shim_fd(fd);
    if (!entry || entry->kind != FD_RELATION || length < 0)
        return (int)syscall(SYS_ftruncate, fd, length);
    if (length % BLOCK_BYTES && shim_ensure(entry->record, length, 1))
        return -1;
    uint64_t first = ((uint64_t)length + BLOCK_BYTES - 1) / BLOCK_BYTES;
    uint32_t first_cut = first > SEGMENT_BLOCKS ? SEGMENT_BLOCKS : (uint32_t)first;
    if (shim_cut_begin(entry->record, first_cut))
        return -1;
    int result = (int)syscall(SYS_ftruncate, fd, length);
    int error = errno;
    shim_cut_end(entry->record, first_cut, result == 0);
    errno = error;
    return result;
}

SHIM_EXPORT int ftruncate64(int fd, off64_t length) {
    return ftruncate(fd, length);
}

/* Room is only added: an absent block stays absent, a new one is beyond the manifest. */
SHIM_EXPORT int fallocate(int fd, int mode, off_t offset, off_t bytes) {
    if (mode != 0 && bytes > 0 && before(shim_fd(fd), offset, (size_t)bytes))
        return -1;
    return (int)syscall(SYS_fallocate, fd, (long)mode, offset, bytes);
}

SHIM_EXPORT int fallocate64(int fd, int mode, off64_t offset, off64_t bytes) {
    return fallocate(fd, mode, offset, bytes);
}

/* Advice about blocks that are here goes to the kernel, about absent ones to the agent. */
SHIM_EXPORT int posix_fadvise(int fd, off_t offset, off_t bytes, int advice) {
    const struct fd_entry *entry = shim_fd(fd);
    if (entry && entry->kind == FD_RELATION && advice == POSIX_FADV_WILLNEED)
        shim_prefetch(entry->record, offset, bytes);
    int error = errno; /* this call returns its error */
    long result = syscall(SYS_fadvise64, fd, offset, bytes, (long)advice);
    int code = result ? errno : 0;
    errno = error;
    return code;
}

SHIM_EXPORT int posix_fadvise64(int fd, off64_t offset, off64_t bytes, int advice) {
    return posix_fadvise(fd, offset, bytes, advice);
}

/* ---- syncing ---- */

static int sync_call(long number, int fd) {
    const struct fd_entry *entry = shim_fd(fd);
    if (!shim_active)
        return (int)syscall(number, fd);
    if (entry && entry->kind != FD_RELATION)
        return shim_wal_flush(entry->wal_start);
    return (int)syscall(SYS_fcntl, fd, F_GETFD) < 0 ? -1 : 0; /* still says EBADF */
}

SHIM_EXPORT int fsync(int fd) {
    return sync_call(SYS_fsync, fd);
}

SHIM_EXPORT int fdatasync(int fd) {
    return sync_call(SYS_fdatasync, fd);
}

SHIM_EXPORT int syncfs(int fd) {
    return shim_active ? 0 : (int)syscall(SYS_syncfs, fd);
}

SHIM_EXPORT void sync(void) {
    if (!shim_active)
        syscall(SYS_sync);
}

SHIM_EXPORT int sync_file_range(int fd, off64_t offset, off64_t bytes, unsigned flags) {
    return shim_active ? 0 : (int)syscall(SYS_sync_file_range, fd, offset, bytes, (long)flags);
}

/* ---- the descriptors themselves ---- */

static int same_as(int from, int fd) {
    if (fd >= 0 && (unsigned)fd < FD_LIMIT) {
        const struct fd_entry *entry = shim_fd(from);
        shim_fd_forget(fd);
        if (entry) {
            shim_fds[fd].record = entry->record;
            shim_fds[fd].wal_start = entry->wal_start;
            shim_fds[fd].kind = entry->kind;
        }
    }
    return fd;
}

SHIM_EXPORT int close(int fd) {
    shim_fd_forget(fd);
    return (int)syscall(SYS_close, fd);
}

SHIM_EXPORT int dup(int fd) {
    return same_as(fd, (int)syscall(SYS_dup, fd));
}

SHIM_EXPORT int dup3(int fd, int wanted, int flags) {
    return same_as(fd, (int)syscall(SYS_dup3, fd, wanted, flags));
}

SHIM_EXPORT int dup2(int fd, int wanted) {
    if (fd == wanted)
        return syscall(SYS_fcntl, fd, F_GETFD) < 0 ? -1 : fd;
    return dup3(fd, wanted, 0);
}

SHIM_EXPORT int fcntl(int fd, int command, ...) {
    static int (*_Atomic libc)(int, int, ...);
    if (!libc)
        libc = (int (*)(int, int, ...))dlsym(RTLD_NEXT, "fcntl");
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *); /* as libc itself takes it, whatever its type */
    va_end(arguments);
    int result = libc(fd, command, argument);
    return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? same_as(fd, result) : result;
}

SHIM_EXPORT int fcntl64(int fd, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return fcntl(fd, command, argument);
}
