/* local.c - the daemon's side of the socket for health checks; see local.h. */
#include "local.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "dualwrite/log.h"
#include "dualwrite/xalloc.h"

#define BACKLOG 16

struct local {
    uv_pipe_t pipe;
    struct readiness *readiness;
};

struct client {
    uv_pipe_t pipe;
    uv_write_t write;
    struct buf answer;
};

static void
on_client_closed(uv_handle_t *handle)
{
    struct client *c = handle->data;

    buf_free(&c->answer);
    free(c);
}

static void
on_written(uv_write_t *write, int status)
{
    (void) status;
    uv_close((uv_handle_t *) write->handle, on_client_closed);
}

/* One line, whatever the body ends with. */
static void
add_answer(struct buf *out, struct http_reply *reply)
{
    buf_printf(out, "%u ", reply->status);
    buf_add(out, buf_text(&reply->body), strcspn(buf_text(&reply->body), "\n"));
    buf_putc(out, '\n');
    buf_free(&reply->body);
}

static void
answer(struct readiness *readiness, struct buf *out)
{
    struct http_reply live = {.status = 200};
    struct http_reply ready = {.status = 200};

    readiness_live(readiness, &live);
    readiness_ready(readiness, &ready);
    add_answer(out, &live);
    add_answer(out, &ready);
}

static void
on_client(uv_stream_t *server, int status)
{
    struct client *c;
    uv_buf_t piece;

    if (status != 0)
        return;
    c = xcalloc(1, sizeof *c);
    uv_pipe_init(server->loop, &c->pipe, 0);
    c->pipe.data = c;
    if (uv_accept(server, (uv_stream_t *) &c->pipe) == 0) {
        answer(((struct local *) server->data)->readiness, &c->answer);
        piece = uv_buf_init(c->answer.data, (unsigned) c->answer.len);
        if (uv_write(&c->write, (uv_stream_t *) &c->pipe, &piece, 1, on_written) == 0)
            return;
    }
    uv_close((uv_handle_t *) &c->pipe, on_client_closed);
}

bool
local_own_name(const char *file, struct local_name *n)
{
    struct stat root, pids;
    char *path = NULL;

    if (stat("/", &root) != 0 || stat("/proc/self/ns/pid", &pids) != 0)
        return false;
    if (file != NULL && *file != '/') {
        struct buf absolute = {0};
        char *folder = getcwd(NULL, 0);

        buf_printf(&absolute, "%s/%s", folder == NULL ? "" : folder, file);
        free(folder);
        path = buf_steal(&absolute);
    }
    *n = (struct local_name){
        .place = local_name_place((uint64_t[]){root.st_dev, root.st_ino}, (uint64_t[]){pids.st_dev, pids.st_ino}),
        .file = local_name_file(path != NULL ? path : file),
        .pid = getpid()};
    free(path);
    return true;
}

/* A bound socket, or -1 and errno. */
static int
open_socket(const char *file)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX}; /* sun_path[0] stays NUL: abstract */
    struct local_name name;
    char text[LOCAL_NAME_MAX];
    int fd;

    if (!local_own_name(file, &name))
        return -1;
    local_name_print(&name, text);
    memcpy(address.sun_path + 1, text, strlen(text));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *) &address,
                        (socklen_t) (offsetof(struct sockaddr_un, sun_path) + 1 + strlen(text))) != 0) {
        int error = errno;

        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

struct local *
local_new(uv_loop_t *loop, const char *file, struct readiness *readiness)
{
    struct local *l = xcalloc(1, sizeof *l);
    int fd = open_socket(file);
    int error = fd < 0 ? -errno : 0;

    l->readiness = readiness;
    uv_pipe_init(loop, &l->pipe, 0);
    l->pipe.data = l;
    if (fd >= 0 && (error = uv_pipe_open(&l->pipe, fd)) != 0)
        close(fd);
    if (error == 0)
        error = uv_listen((uv_stream_t *) &l->pipe, BACKLOG, on_client);
    if (error != 0)
        log_msg(LOG_WARNING, "healthcheck_deaf",
                "`dualwrited healthcheck` will not find this daemon: %s; give it --address", uv_strerror(error));
    return l;
}

static void
on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void
local_close(struct local *l)
{
    uv_close((uv_handle_t *) &l->pipe, on_closed);
}
