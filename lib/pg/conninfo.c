/* conninfo.c - connection strings; see dualwrite/conninfo.h. Opens no connection. */
#include "dualwrite/conninfo.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/xalloc.h"

/* Defaults of ours, for what the string does not say: a peer that vanished is noticed within about fifteen seconds. */
static const char *const defaults[][2] = {
    {"keepalives_idle", "5"},      {"keepalives_interval", "3"}, {"keepalives_count", "3"},
    {"tcp_user_timeout", "15000"}, {"connect_timeout", "10"},
};

/* A syntax error's own text quotes the string, so only its kind is passed on. */
static char *
explain(const char *message)
{
    static const char *const known[] = {
        "invalid connection option",  "invalid URI query parameter",   "missing \"=\"",
        "unterminated quoted string", "invalid percent-encoded token", "unexpected character",
        "end of string reached",      "extra key/value separator",     "forbidden value"};

    for (size_t i = 0; message != NULL && i < sizeof known / sizeof known[0]; i++)
        if (strstr(message, known[i]) != NULL)
            return xstrdup(known[i]);
    return xstrdup("neither a postgresql:// URL nor keyword=value pairs");
}

static size_t
position(const struct conninfo *c, const char *keyword)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->keywords[i], keyword) == 0)
            return i;
    return c->count;
}

const char *
conninfo_get(const struct conninfo *c, const char *keyword)
{
    size_t i = position(c, keyword);

    return i < c->count ? c->values[i] : NULL;
}

void
conninfo_set(struct conninfo *c, const char *keyword, const char *value)
{
    size_t i = position(c, keyword);

    if (i == c->count) {
        if (c->count + 1 >= CONNINFO_MAX)
            return;
        c->keywords[c->count++] = xstrdup(keyword);
    }
    free(c->values[i]);
    c->values[i] = xstrdup(value);
}

static void
add_all(struct conninfo *c, const PQconninfoOption *options)
{
    for (; options != NULL && options->keyword != NULL; options++)
        if (options->val != NULL && position(c, options->keyword) == c->count)
            conninfo_set(c, options->keyword, options->val);
}

struct conninfo *
conninfo_parse(const char *url, const char *name, char **why)
{
    char *message = NULL;
    PQconninfoOption *given = PQconninfoParse(url, &message);
    PQconninfoOption *libpq = PQconndefaults();
    struct conninfo *c = NULL;
    struct buf application = {0};

    if (given == NULL) {
        *why = explain(message);
    } else {
        c = xcalloc(1, sizeof *c);
        add_all(c, given);
        /* before libpq's defaults, one of which is an empty connect_timeout */
        for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
            if (conninfo_get(c, defaults[i][0]) == NULL)
                conninfo_set(c, defaults[i][0], defaults[i][1]);
        /* a service file's values are weaker than what is said here, so nothing is: libpq reads it, and resolves its host */
        if (conninfo_get(c, "service") == NULL)
            add_all(c, libpq);
        buf_printf(&application, "dualwrited/%s", name);
        conninfo_set(c, "application_name", buf_text(&application));
        conninfo_set(c, "client_encoding", "UTF8"); /* JSON is, whatever a role's own setting says */
        buf_free(&application);
    }
    PQfreemem(message);
    PQconninfoFree(given);
    PQconninfoFree(libpq);
    return c;
}

void
conninfo_free(struct conninfo *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->count; i++) {
        free(c->keywords[i]);
        free(c->values[i]);
    }
    free(c);
}

/* The `n`-th item of a comma list, to be freed; the only item serves for all. */
static char *
item(const char *list, size_t n)
{
    if (strchr(list, ',') == NULL)
        return xstrdup(list);
    for (; n > 0 && *list != '\0'; n--) {
        list += strcspn(list, ",");
        list += *list == ',';
    }
    return xstrndup(list, strcspn(list, ","));
}

size_t
conninfo_pick(struct conninfo *c, size_t n)
{
    static const char *const lists[] = {"host", "hostaddr", "port"};
    const char *hosts = conninfo_get(c, "host");
    size_t count = 1;

    if (hosts == NULL || *hosts == '\0')
        hosts = conninfo_get(c, "hostaddr");
    for (const char *p = hosts; p != NULL && *p != '\0'; p++)
        count += *p == ',';
    for (size_t i = 0; count > 1 && i < sizeof lists / sizeof lists[0]; i++) {
        const char *list = conninfo_get(c, lists[i]);
        char *one = list == NULL ? NULL : item(list, n % count);

        if (one != NULL)
            conninfo_set(c, lists[i], one);
        free(one);
    }
    return count;
}

char *
conninfo_shown(const struct conninfo *c)
{
    static const char *const shown[] = {"service", "host", "port", "dbname", "user"};
    struct buf out = {0};

    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        const char *value = conninfo_get(c, shown[i]);

        if (value != NULL && *value != '\0')
            buf_printf(&out, "%s%s=%s", out.len == 0 ? "" : " ", shown[i], value);
    }
    return buf_steal(&out);
}

char *
conninfo_shown_of(const char *url)
{
    char *why = NULL;
    struct conninfo *info = conninfo_parse(url, "shown", &why);
    char *shown = info == NULL ? why : conninfo_shown(info);

    conninfo_free(info);
    return shown;
}
