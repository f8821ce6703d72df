/* journal.c - log lines to systemd's journal; see journal.h. */
#include "journal.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "dualwrite/log.h"

#define SEND_BUFFER (8 * 1024 * 1024)
#define PATIENCE_MS 1000 /* a batch's lines come faster than the journal takes them */
#define KEY_LENGTH 64    /* the journal takes no longer ones */

static struct sockaddr_un address;
static int fd = -1;
static bool patient = true; /* the last line was taken */
static int64_t lost;

static bool
connect_socket(void)
{
    const int size = SEND_BUFFER;

    if (fd >= 0)
        close(fd);
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size); /* cut to what the system allows */
    if (connect(fd, (const struct sockaddr *) &address, sizeof address) == 0)
        return true;
    close(fd);
    fd = -1;
    return false;
}

/* KEY, a newline, the length in eight bytes, the value: so a value may have newlines in it. */
static void
add(struct buf *b, const char *key, const char *value, size_t len)
{
    buf_printf(b, "%s\n", key);
    for (int i = 0; i < 8; i++)
        buf_putc(b, (char) ((uint64_t) len >> (8 * i) & 0xFF));
    buf_add(b, value, len);
    buf_putc(b, '\n');
}

static void
add_fields(struct buf *b, const struct buf *fields)
{
    for (const char *f = fields->data; f != NULL && f < fields->data + fields->len; f += strlen(f) + 1) {
        size_t len = strcspn(f, "=");
        char key[KEY_LENGTH + 1] = "DUALWRITE_";
        size_t n = strlen(key);

        for (size_t i = 0; i < len && n < KEY_LENGTH; i++, n++) {
            bool small = f[i] >= 'a' && f[i] <= 'z';
            bool plain = small || (f[i] >= 'A' && f[i] <= 'Z') || (f[i] >= '0' && f[i] <= '9');

            key[n] = (char) (small ? f[i] - 'a' + 'A' : plain ? f[i] : '_');
        }
        key[n] = '\0';
        add(b, key, f + len + 1, strlen(f + len + 1));
    }
}

static bool
send_entry(const struct buf *entry)
{
    for (bool again = false;;) {
        struct pollfd p = {.fd = fd, .events = POLLOUT};

        errno = ENOTCONN; /* whatever an earlier call has left there */
        if (fd >= 0 && send(fd, entry->data, entry->len, MSG_NOSIGNAL) >= 0)
            return true;
        if (errno == EINTR)
            continue;
        if (fd >= 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (!patient || poll(&p, 1, PATIENCE_MS) == 0)
                return false;
        } else if (again || errno == EMSGSIZE || !connect_socket()) { /* the journal may have a new socket */
            return false;
        } else {
            again = true;
        }
    }
}

static void
send_line(enum log_level level, const struct buf *text, const struct buf *fields)
{
    struct buf entry = {0};
    size_t bare;
    int64_t missed = lost;

    buf_printf(&entry, "PRIORITY=%d\nSYSLOG_IDENTIFIER=dualwrited\n", log_priority(level));
    add(&entry, "MESSAGE", text->data, text->len);
    bare = entry.len;
    add_fields(&entry, fields);
    patient = send_entry(&entry);
    if (!patient && errno == EMSGSIZE) {
        entry.len = bare; /* the line has all of it */
        patient = send_entry(&entry);
    }
    buf_free(&entry);
    if (!patient) {
        lost++;
    } else if (missed > 0) {
        lost = 0;
        log_msg(LOG_WARNING, "log_lines_lost", "the journal took no lines for a while; %" PRId64 " are missing",
                missed);
        if (!patient) /* it goes uncounted otherwise */
            lost += missed;
    }
}

bool
journal_open(const char *path)
{
    address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (snprintf(address.sun_path, sizeof address.sun_path, "%s", path) >= (int) sizeof address.sun_path)
        return false;
    if (!connect_socket())
        return false;
    log_to(send_line);
    return true;
}

void
journal_close(void)
{
    log_to(NULL);
    if (fd >= 0)
        close(fd);
    fd = -1;
    patient = true;
    lost = 0;
}
