/* What would pass the shim by, refused with an error that Postgres reports. */
#include "shim.h"

#include <errno.h>

/* 18's io_method=io_uring reads in the kernel, where absent blocks would be zeros. */
static int no_io_uring(void) {
    if (!shim_active)
        shim_say("io_uring is not available while the shim is preloaded");
    else
        shim_say("io_method=io_uring cannot be used on a compute: use worker or sync");
    return -ENOSYS;
}

int io_uring_queue_init(void);
int io_uring_queue_init_params(void);
int io_uring_queue_init_mem(void);

SHIM_EXPORT int io_uring_queue_init(void) {
    return no_io_uring();
}

SHIM_EXPORT int io_uring_queue_init_params(void) {
    return no_io_uring();
}

SHIM_EXPORT int io_uring_queue_init_mem(void) {
    return no_io_uring();
}
