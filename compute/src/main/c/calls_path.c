/* Interposed calls on paths: whatever names a relation of the manifest first makes its file. */
#include "shim.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The record that the path names, its file made; -1 when it names none, -2 with errno. */
static int64_t made_at(int directory, const char *path) {
    struct path_name name;
    shim_path(directory, path, &name);
    if (name.kind != PATH_RELATION)
        return -1;
    int64_t record = shim_manifest_find(&name.relation);
    return record >= 0 && shim_materialise((uint32_t)record) ? -2 : record;
}

static int64_t made(const char *path) {
    return made_at(AT_FDCWD, path);
}

/* ---- opening ---- */

static void track(int fd, enum fd_kind kind, int64_t record, uint64_t wal_start) {
    shim_fd_forget(fd);
    if (kind == FD_PLAIN)
        return;
    shim_fds[fd].record = (uint32_t)record;
    shim_fds[fd].wal_start = wal_start;
    shim_fds[fd].kind = kind;
}

/* A descriptor that the table cannot hold must not be handed out. */
static int checked(int fd, const char *path) {
    if (fd < FD_LIMIT)
        return fd;
    shim_say("cannot open %s: descriptor %d is beyond the %d that can be followed", path, fd,
             FD_LIMIT);
    syscall(SYS_close, fd);
    errno = EMFILE;
    return -1;
}

static int open_relation(int directory, const char *path, int flags, mode_t mode,
                         int64_t record) {
    bool empty = flags & O_TRUNC;
    /* Fetched pages go through the page cache; so must what reads them. */
    int fd = (int)syscall(SYS_openat, directory, path, flags & ~(O_TRUNC | O_DIRECT), mode);
    if (fd < 0 || checked(fd, path) < 0)
        return -1;
    track(fd, FD_RELATION, record, 0);
    if (empty && ftruncate(fd, 0)) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/* O_DSYNC and O_SYNC on a segment promise durable writes: each write then asks the quorum. */
static int open_wal(int directory, const char *path, int flags, mode_t mode,
                    const struct path_name *name) {
    if (name->wal_timeline != 1 && (flags & O_ACCMODE) != O_RDONLY) {
        shim_say("refused to write %s: a compute stays on Postgres timeline 1", path);
        errno = EINVAL;
        return -1;
    }
    bool synced = flags & (O_DSYNC | O_SYNC);
    int plain = flags & ~((O_DSYNC | O_SYNC | O_DIRECT) & ~O_DIRECTORY);
    int fd = (int)syscall(SYS_openat, directory, path, plain, mode);
    if (fd < 0 || checked(fd, path) < 0)
        return -1;
    track(fd, synced ? FD_WAL_SYNCED : FD_WAL, 0, name->wal_start);
    return fd;
}

static int open_any(int directory, const char *path, int flags, mode_t mode) {
    struct path_name name;
    shim_path(directory, path, &name);
    if (name.kind == PATH_WAL)
        return open_wal(directory, path, flags, mode, &name);
    if (name.kind == PATH_RELATION) {
        int64_t record = made_at(directory, path);
        if (record == -2)
            return -1;
        if (record >= 0)
            return open_relation(directory, path, flags, mode, record);
    }
    int fd = (int)syscall(SYS_openat, directory, path, flags, mode);
    if (fd >= 0)
        shim_fd_forget(fd);
    return fd;
}

#define MODE_ARGUMENT(flags)                                                                       \
    mode_t mode = 0;                                                                               \
    if ((flags) & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) {                                        \
        va_list arguments;                                                                         \
        va_start(arguments, flags);                                                                \
        mode = va_arg(arguments, mode_t);                                                          \
        va_end(arguments);                                                                         \
    }

SHIM_EXPORT int open(const char *path, int flags, ...) {
    MODE_ARGUMENT(flags)
    return open_any(AT_FDCWD, path, flags, mode);
}

SHIM_EXPORT int open64(const char *path, int flags, ...) {
    MODE_ARGUMENT(flags)
    return open_any(AT_FDCWD, path, flags, mode);
}

SHIM_EXPORT int openat(int directory, const char *path, int flags, ...) {
    MODE_ARGUMENT(flags)
    return open_any(directory, path, flags, mode);
}

SHIM_EXPORT int openat64(int directory, const char *path, int flags, ...) {
    MODE_ARGUMENT(flags)
    return open_any(directory, path, flags, mode);
}

int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int directory, const char *path, int flags);
int __openat64_2(int directory, const char *path, int flags);

SHIM_EXPORT int __open_2(const char *path, int flags) {
    return open_any(AT_FDCWD, path, flags, 0);
}

SHIM_EXPORT int __open64_2(const char *path, int flags) {
    return open_any(AT_FDCWD, path, flags, 0);
}

SHIM_EXPORT int __openat_2(int directory, const char *path, int flags) {
    return open_any(directory, path, flags, 0);
}

SHIM_EXPORT int __openat64_2(int directory, const char *path, int flags) {
    return open_any(directory, path, flags, 0);
}

SHIM_EXPORT int creat(const char *path, mode_t mode) {
    return open_any(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

SHIM_EXPORT int creat64(const char *path, mode_t mode) {
    return open_any(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

/*
 * stdio reads inside libc, where no call of ours sees it (pg_read_binary_file uses it). So a
 * relation file is completed first, and may only be read this way.
 */
static bool stdio_may(const char *path, const char *mode) {
    int64_t record = made(path);
    if (record >= 0 && (mode[0] != 'r' || strchr(mode, '+'))) {
        errno = EPERM;
        return false;
    }
    return record >= 0 ? shim_ensure_all((uint32_t)record) == 0 : record == -1;
}

typedef FILE *(*fopen_call)(const char *, const char *);

static FILE *libc_fopen(const char *symbol, const char *path, const char *mode) {
    return stdio_may(path, mode) ? ((fopen_call)dlsym(RTLD_NEXT, symbol))(path, mode) : NULL;
}

SHIM_EXPORT FILE *fopen(const char *path, const char *mode) {
    return libc_fopen("fopen", path, mode);
}

SHIM_EXPORT FILE *fopen64(const char *path, const char *mode) {
    return libc_fopen("fopen64", path, mode);
}

SHIM_EXPORT DIR *opendir(const char *path) {
    static DIR *(*_Atomic libc)(const char *);
    if (!libc)
        libc = (DIR * (*)(const char *)) dlsym(RTLD_NEXT, "opendir");
    struct path_name name;
    shim_path(AT_FDCWD, path, &name);
    /*
     * The postmaster looks through every database's directory for left-over temporary files before
     * it starts. The manifest has none of those, so it need not wait for thousands of others.
     */
    if (name.kind == PATH_RELATION_DIRECTORY && !shim_is_postmaster() &&
        shim_materialise_directory(name.relation.tablespace, name.relation.database))
        return NULL;
    return libc(path);
}

/* ---- asking about files ---- */

static int status(int directory, const char *path, void *out, int flags) {
    return made_at(directory, path) == -2
               ? -1
               : (int)syscall(SYS_newfstatat, directory, path, out, (long)flags);
}

SHIM_EXPORT int stat(const char *path, struct stat *out) {
    return status(AT_FDCWD, path, out, 0);
}

SHIM_EXPORT int stat64(const char *path, struct stat64 *out) {
    return status(AT_FDCWD, path, out, 0);
}

SHIM_EXPORT int lstat(const char *path, struct stat *out) {
    return status(AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW);
}

SHIM_EXPORT int lstat64(const char *path, struct stat64 *out) {
    return status(AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW);
}

SHIM_EXPORT int fstatat(int directory, const char *path, struct stat *out, int flags) {
    return status(directory, path, out, flags);
}

SHIM_EXPORT int fstatat64(int directory, const char *path, struct stat64 *out, int flags) {
    return status(directory, path, out, flags);
}

/* The names before glibc 2.33; the version argument only ever meant the kernel's own layout. */
int __xstat(int version, const char *path, struct stat *out);
int __xstat64(int version, const char *path, struct stat64 *out);
int __lxstat(int version, const char *path, struct stat *out);
int __lxstat64(int version, const char *path, struct stat64 *out);
int __fxstatat(int version, int directory, const char *path, struct stat *out, int flags);
int __fxstatat64(int version, int directory, const char *path, struct stat64 *out, int flags);

SHIM_EXPORT int __xstat(int version, const char *path, struct stat *out) {
    (void)version;
    return status(AT_FDCWD, path, out, 0);
}

SHIM_EXPORT int __xstat64(int version, const char *path, struct stat64 *out) {
    (void)version;
    return status(AT_FDCWD, path, out, 0);
}

SHIM_EXPORT int __lxstat(int version, const char *path, struct stat *out) {
    (void)version;
    return status(AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW);
}

SHIM_EXPORT int __lxstat64(int version, const char *path, struct stat64 *out) {
    (void)version;
    return status(AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW);
}

SHIM_EXPORT int __fxstatat(int version, int directory, const char *path, struct stat *out,
                           int flags) {
    (void)version;
    return status(directory, path, out, flags);
}

SHIM_EXPORT int __fxstatat64(int version, int directory, const char *path, struct stat64 *out,
                             int flags) {
    (void)version;
    return status(directory, path, out, flags);
}

SHIM_EXPORT int access(const char *path, int mode) {
    return made(path) == -2 ? -1 : (int)syscall(SYS_faccessat, AT_FDCWD, path, (long)mode);
}

SHIM_EXPORT int faccessat(int directory, const char *path, int mode, int flags) {
    static int (*_Atomic libc)(int, const char *, int, int);
    if (!libc)
        libc = (int (*)(int, const char *, int, int))dlsym(RTLD_NEXT, "faccessat");
    return made_at(directory, path) == -2 ? -1 : libc(directory, path, mode, flags);
}

/* ---- changing names ---- */

/* The file loses its name or its content: what it had of the manifest is gone for good. */
static int cut_all(int64_t record, int (*call)(const void *), const void *argument) {
    if (record < 0)
        return record == -1 ? call(argument) : -1;
    if (shim_cut_begin((uint32_t)record, 0))
        return -1;
    int result = call(argument);
    int error = errno;
    shim_cut_end((uint32_t)record, 0, result == 0);
    errno = error;
    return result;
}

struct at_path {
    int directory;
    const char *path;
    int flags;
};

static int call_unlinkat(const void *argument) {
    const struct at_path *a = argument;
    return (int)syscall(SYS_unlinkat, a->directory, a->path, (long)a->flags);
}

SHIM_EXPORT int unlinkat(int directory, const char *path, int flags) {
    struct at_path argument = {directory, path, flags};
    return cut_all(made_at(directory, path), call_unlinkat, &argument);
}

SHIM_EXPORT int unlink(const char *path) {
    return unlinkat(AT_FDCWD, path, 0);
}

SHIM_EXPORT int remove(const char *path) {
    int result = unlink(path);
    return result && errno == EISDIR ? (int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR)
                                     : result;
}

SHIM_EXPORT int truncate(const char *path, off_t length) {
    int64_t record = made(path);
    if (record == -1)
        return (int)syscall(SYS_truncate, path, length);
    if (record == -2)
        return -1;
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int result = ftruncate(fd, length);
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

SHIM_EXPORT int truncate64(const char *path, off64_t length) {
    return truncate(path, length);
}

struct two_paths {
    int from_directory;
    const char *from;
    int to_directory;
    const char *to;
    unsigned flags;
};

static int call_renameat(const void *argument) {
    const struct two_paths *a = argument;
    return (int)syscall(SYS_renameat2, a->from_directory, a->from, a->to_directory, a->to,
                        (long)a->flags);
}

/* Under another name the file is a plain one: it is completed before it gets that name. */
static int complete(int directory, const char *path) {
    int64_t record = made_at(directory, path);
    if (record == -2)
        return -1;
    return record >= 0 ? shim_ensure_all((uint32_t)record) : 0;
}

SHIM_EXPORT int renameat2(int from_directory, const char *from, int to_directory, const char *to,
                          unsigned flags) {
    struct two_paths argument = {from_directory, from, to_directory, to, flags};
    if (complete(from_directory, from))
        return -1;
    return cut_all(made_at(to_directory, to), call_renameat, &argument);
}

SHIM_EXPORT int renameat(int from_directory, const char *from, int to_directory, const char *to) {
    return renameat2(from_directory, from, to_directory, to, 0);
}

SHIM_EXPORT int rename(const char *from, const char *to) {
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

SHIM_EXPORT int linkat(int from_directory, const char *from, int to_directory, const char *to,
                       int flags) {
    if (complete(from_directory, from) || made_at(to_directory, to) == -2)
        return -1;
    return (int)syscall(SYS_linkat, from_directory, from, to_directory, to, (long)flags);
}

SHIM_EXPORT int link(const char *from, const char *to) {
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

SHIM_EXPORT int chdir(const char *path) {
    int result = (int)syscall(SYS_chdir, path);
    if (result == 0 && shim_active)
        shim_cwd_changed();
    return result;
}

SHIM_EXPORT int fchdir(int fd) {
    int result = (int)syscall(SYS_fchdir, fd);
    if (result == 0 && shim_active)
        shim_cwd_changed();
    return result;
}
