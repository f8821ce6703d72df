/* http_header.c - Accept and Host; see dualwrite/http_header.h. */
#include "dualwrite/http_header.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_MAX_LEN 255

/* A piece of the header, without the blanks around it. */
struct piece {
    const char *at;
    size_t len;
};

static struct piece
trimmed(const char *at, size_t len)
{
    while (len > 0 && (*at == ' ' || *at == '\t'))
        at++, len--;
    while (len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\t'))
        len--;
    return (struct piece){at, len};
}

/* Takes what stands before the next `stop` off *rest. */
static struct piece
next_piece(struct piece *rest, char stop)
{
    const char *end = memchr(rest->at, stop, rest->len);
    size_t len = end == NULL ? rest->len : (size_t) (end - rest->at);
    struct piece p = trimmed(rest->at, len);
    size_t step = len + (end != NULL);

    rest->at += step;
    rest->len -= step;
    return p;
}

static bool
is(struct piece p, const char *word)
{
    return p.len == strlen(word) && strncasecmp(p.at, word, p.len) == 0;
}

/* A weight, 0 to 1000; RFC 9110 section 12.4.2. What is none counts as 1: who wrote it wants the type. */
static int
weight(struct piece p)
{
    int value = 0;

    if (p.len == 0 || p.len > 5 || (p.at[0] != '0' && p.at[0] != '1') || (p.len > 1 && p.at[1] != '.'))
        return 1000;
    value = (p.at[0] - '0') * 1000;
    for (size_t i = 2, unit = 100; i < p.len; i++, unit /= 10) {
        if (p.at[i] < '0' || p.at[i] > '9')
            return 1000;
        value += (int) unit * (p.at[i] - '0');
    }
    return value > 1000 ? 1000 : value;
}

/* How much one range wants OpenMetrics 1.0 and how much plain text; the largest of all ranges counts. */
static void
range(struct piece one, int *open, int *plain)
{
    struct piece type = next_piece(&one, ';');
    bool other_version = false;
    int q = 1000;

    while (one.len > 0) {
        struct piece value = next_piece(&one, ';');
        struct piece name = next_piece(&value, '=');

        if (is(name, "q"))
            q = weight(trimmed(value.at, value.len));
        else if (is(name, "version"))
            other_version = !is(trimmed(value.at, value.len), "1.0.0");
    }
    if (is(type, "application/openmetrics-text") && !other_version && q > *open)
        *open = q;
    else if ((is(type, "text/plain") || is(type, "text/*")) && q > *plain)
        *plain = q;
}

bool
http_wants_openmetrics(const char *accept)
{
    struct piece rest = {accept, accept == NULL ? 0 : strlen(accept)};
    int open = 0;
    int plain = 0;

    while (rest.len > 0)
        range(next_piece(&rest, ','), &open, &plain);
    return open > 0 && open >= plain;
}

static bool
is_address(const char *text)
{
    unsigned char ignored[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, text, ignored) == 1 || inet_pton(AF_INET6, text, ignored) == 1;
}

static bool
is_port(const char *text)
{
    return strlen(text) <= 5 && strspn(text, "0123456789") == strlen(text);
}

/* The name in Host, without brackets and port; false: it is none. */
static bool
host_name(const char *host, char name[NAME_MAX_LEN + 1])
{
    bool bracket = *host == '[';
    const char *begin = host + bracket;
    size_t len = strcspn(begin, bracket ? "]" : ":");
    const char *after = begin + len;

    if (len > NAME_MAX_LEN || (bracket && (len == 0 || *after != ']')))
        return false;
    after += bracket;
    if (*after != '\0' && (*after != ':' || !is_port(after + 1)))
        return false;
    memcpy(name, begin, len);
    name[len] = '\0';
    return true;
}

static bool
same_name(const char *name, const char *ours)
{
    return ours != NULL && *ours != '\0' && strcasecmp(name, ours) == 0;
}

bool
http_host_is_ours(const char *host, const char *own_name, const char *listen_name)
{
    static const char under[] = ".localhost";
    char name[NAME_MAX_LEN + 1];
    size_t len;

    if (host == NULL)
        return true;
    if (!host_name(host, name))
        return false;
    len = strlen(name);
    if (len > 1 && name[len - 1] == '.')
        name[--len] = '\0';
    if (len >= sizeof under && strcasecmp(name + len - strlen(under), under) == 0)
        return true;
    return len == 0 || is_address(name) || strcasecmp(name, "localhost") == 0 || same_name(name, own_name) ||
           same_name(name, listen_name);
}
