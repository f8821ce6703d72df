/* slurp.c - reads a whole small file; see dualwrite/slurp.h. */
#include "dualwrite/slurp.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "dualwrite/buf.h"

char *
slurp(const char *path, size_t max, size_t *len)
{
    struct buf out = {0};
    char chunk[65536];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = 0;

    if (fd < 0)
        return NULL;
    while (out.len <= max &&
           (n = read(fd, chunk, max + 1 - out.len < sizeof chunk ? max + 1 - out.len : sizeof chunk)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        buf_add(&out, chunk, (size_t) n);
    }
    if (n < 0) {
        int saved = errno;

        close(fd);
        buf_free(&out);
        errno = saved;
        return NULL;
    }
    close(fd);
    *len = out.len;
    return buf_steal(&out);
}
