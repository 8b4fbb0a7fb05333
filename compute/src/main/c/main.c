/* Start-up: decides whether this process is a compute's Postgres, and maps its manifest. */
#include "shim.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

bool shim_active;
char shim_data[PATH_MAX];
char shim_data_real[PATH_MAX];
char shim_socket[108]; /* sun_path */
_Atomic bool shim_in_data;

static dev_t data_device;
static ino_t data_inode;

void shim_say(const char *format, ...) {
    int error = errno;
    char line[1024] = "sluice shim: ";
    size_t length = strlen(line);
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(line + length, sizeof line - length - 1, format, arguments);
    va_end(arguments);
    if (n > 0)
        length += (size_t)n < sizeof line - length - 1 ? (size_t)n : sizeof line - length - 2;
    line[length++] = '\n';
    if (syscall(SYS_write, STDERR_FILENO, line, length) < 0)
        error = error ? error : EIO; /* nowhere left to say it */
    errno = error;
}

static int status_of(const char *path, struct stat *out) {
    return fstatat(-100 /* AT_FDCWD */, path, out, 0);
}

void shim_cwd_changed(void) {
    struct stat here;
    int error = errno;
    shim_in_data = status_of(".", &here) == 0 && here.st_dev == data_device &&
                   here.st_ino == data_inode;
    errno = error;
}

bool shim_is_postmaster(void) {
    return (uint32_t)getpid() == shim_manifest->attached;
}

static void give_up(const char *variable, const char *what) {
    shim_say("%s: %s", variable, what);
    _exit(78); /* EX_CONFIG */
}

static void take(const char *variable, const char *value, char *out, size_t size) {
    if (value[0] != '/')
        give_up(variable, "not an absolute path");
    if (strlen(value) >= size)
        give_up(variable, "path too long");
    strcpy(out, value);
    for (size_t n = strlen(out); n > 1 && out[n - 1] == '/'; n--)
        out[n - 1] = 0;
}

/*
 * The library may pass through other programs on its way (setpriv, env, sh): there it does nothing
 * and leaves the environment as it is. In Postgres it takes itself out of the environment, so that
 * what Postgres starts (archive_command, COPY PROGRAM) is clean; forked children keep it anyway.
 */
__attribute__((constructor)) static void start(void) {
    const char *data = getenv("SLUICE_SHIM_DATA");
    const char *socket = getenv("SLUICE_SHIM_SOCKET");
    const char *file = getenv("SLUICE_SHIM_FILE");
    if (!data || !socket || !file || strcmp(program_invocation_short_name, "postgres") != 0)
        return;
    struct stat status;
    char manifest[PATH_MAX];
    take("SLUICE_SHIM_DATA", data, shim_data, sizeof shim_data);
    take("SLUICE_SHIM_SOCKET", socket, shim_socket, sizeof shim_socket);
    take("SLUICE_SHIM_FILE", file, manifest, sizeof manifest);
    if (status_of(shim_data, &status))
        give_up("SLUICE_SHIM_DATA", strerror(errno));
    data_device = status.st_dev;
    data_inode = status.st_ino;
    if (!realpath(shim_data, shim_data_real))
        give_up("SLUICE_SHIM_DATA", strerror(errno));
    shim_manifest_map(manifest);
    unsetenv("LD_PRELOAD");
    unsetenv("SLUICE_SHIM_DATA");
    unsetenv("SLUICE_SHIM_SOCKET");
    unsetenv("SLUICE_SHIM_FILE");
    shim_active = true;
    shim_cwd_changed();
    shim_manifest->attached = (uint32_t)getpid();
}
