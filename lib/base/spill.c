/* spill.c - writes a whole small file at once; see dualwrite/spill.h. */
#include "dualwrite/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dualwrite/buf.h"
#include "dualwrite/xalloc.h"

static int
write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        bytes += n;
        len -= (size_t) n;
    }
    return fsync(fd);
}

int
spill(const char *path, const char *bytes, size_t len)
{
    struct buf beside = {0};
    int result;
    int saved;
    int fd;

    buf_printf(&beside, "%s.new.%ld", path, (long) getpid());
    fd = open(buf_text(&beside), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    result = fd < 0 ? -1 : write_all(fd, bytes, len);
    saved = errno;
    if (fd >= 0 && close(fd) != 0 && result == 0) {
        result = -1;
        saved = errno;
    }
    if (result == 0 && rename(buf_text(&beside), path) != 0) {
        result = -1;
        saved = errno;
    }
    if (result != 0 && fd >= 0)
        unlink(buf_text(&beside));
    buf_free(&beside);
    errno = saved;
    return result;
}

int
spill_folder(const char *path)
{
    char *part = xstrdup(path);
    struct stat there;
    int saved;

    for (char *slash = part; (slash = strchr(slash + 1, '/')) != NULL; *slash = '/') {
        *slash = '\0';
        /* what is wrong with it shows at the last one */
        (void) !mkdir(part, 0777);
    }
    saved =
        mkdir(part, 0777) == 0 || (errno == EEXIST && stat(part, &there) == 0 && S_ISDIR(there.st_mode)) ? 0 : errno;
    if (saved == EEXIST)
        saved = ENOTDIR;
    free(part);
    errno = saved;
    return saved == 0 ? 0 : -1;
}
