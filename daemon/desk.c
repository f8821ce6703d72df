/* desk.c - an operator's command at its databases; see desk.h. */
#include "desk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command.h"
#include "dualwrite/capture.h"
#include "dualwrite/conninfo.h"
#include "dualwrite/pgblock.h"
#include "dualwrite/quote.h"
#include "dualwrite/shown.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

#define QUIET_S 2

/* ---- progress ---- */

void
desk_quiet(struct desk *d)
{
    if (d->on_screen)
        fputs("\r\x1b[K", stderr);
    d->on_screen = false;
}

static void
tick(void *arg)
{
    struct desk *d = arg;
    struct timespec now;

    if (!d->terminal || d->doing == NULL)
        return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec - d->started.tv_sec < QUIET_S)
        return;
    desk_quiet(d);
    fprintf(stderr, "%s (%lld s) ...", d->doing, (long long) (now.tv_sec - d->started.tv_sec));
    fflush(stderr);
    d->on_screen = true;
}

void
desk_doing(struct desk *d, const char *what)
{
    d->doing = what;
    tick(d);
}

size_t
desk_width(void)
{
    struct winsize size;

    if (isatty(STDOUT_FILENO) != 1)
        return 0;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40 ? size.ws_col : 80;
}

/* ---- saying what is wrong ---- */

static void say(const struct desk *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
say(const struct desk *d, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    if (d->said == NULL)
        vfprintf(stderr, fmt, ap);
    else
        buf_vprintf(d->said, fmt, ap);
    va_end(ap);
}

/* ---- asking ---- */

/* Text on one line, whatever the server said. */
static char *
one_line(const char *text)
{
    struct buf out = {0};
    size_t len = strlen(text);

    while (len > 0 && text[len - 1] == '\n')
        len--;
    for (size_t i = 0; i < len; i++)
        if (text[i] == '\n' || text[i] == '\t')
            buf_puts(&out, i > 0 && text[i - 1] == '\n' ? "" : " ");
        else
            buf_putc(&out, text[i]);
    return buf_steal(&out);
}

static PGresult *
judge(struct desk *d, enum database side, PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);
    const char *sqlstate;
    const char *primary;

    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
        return r;
    sqlstate = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    primary = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    snprintf(d->sqlstate, sizeof d->sqlstate, "%s", sqlstate == NULL ? "08006" : sqlstate);
    free(d->error);
    d->error = one_line(primary != NULL ? primary : PQerrorMessage(d->pq[side]));
    d->refusing = side;
    PQclear(r);
    return NULL;
}

PGresult *
desk_ask(struct desk *d, enum database side, const char *sql, int nparams, const char *const *params)
{
    return judge(d, side, pgblock_ask(d->pq[side], sql, nparams, params, tick, d));
}

bool
desk_copy(struct desk *d, enum database from, const char *out, enum database to, const char *in)
{
    PGconn *refused;
    PGresult *r = pgblock_copy(d->pq[from], out, d->pq[to], in, &refused, tick, d);

    r = judge(d, refused == d->pq[to] ? to : from, r);
    PQclear(r);
    return r != NULL;
}

bool
desk_begin(struct desk *d, enum database side, int64_t timeout_ms, bool writes)
{
    char timeout[24];
    const char *params[] = {timeout};
    PGresult *r = desk_ask(d, side, writes ? sql_daemon_begin : sql_desk_begin, 0, NULL);

    snprintf(timeout, sizeof timeout, "%lld", (long long) timeout_ms);
    if (r != NULL) {
        PQclear(r);
        r = desk_ask(d, side, sql_daemon_session, 1, params);
    }
    PQclear(r);
    return r != NULL;
}

bool
desk_end(struct desk *d, enum database side, bool commit)
{
    PGresult *r = NULL;

    if (commit)
        r = desk_ask(d, side, sql_daemon_commit, 0, NULL);
    else
        PQclear(pgblock_ask(d->pq[side], sql_daemon_rollback, 0, NULL, NULL, NULL));
    PQclear(r);
    return !commit || r != NULL;
}

PGresult *
desk_look(struct desk *d, enum database side, int64_t timeout_ms, const char *sql, int nparams,
          const char *const *params)
{
    PGresult *r = desk_begin(d, side, timeout_ms, false) ? desk_ask(d, side, sql, nparams, params) : NULL;

    /* no rollback where nothing was refused: servers count them, and people watch that */
    desk_end(d, side, r != NULL);
    return r;
}

bool
desk_timed_out(const struct desk *d)
{
    return strcmp(d->sqlstate, "57014") == 0;
}

bool
desk_lost(const struct desk *d)
{
    /* 08P01 a server says that is there, as of parameters that a statement does not take */
    return (strncmp(d->sqlstate, "08", 2) == 0 && strcmp(d->sqlstate, "08P01") != 0) ||
           strncmp(d->sqlstate, "57P", 3) == 0;
}

int
desk_refused(const struct desk *d, const char *what)
{
    const bool lost = desk_lost(d);
    struct buf out = {0};

    shown_text(&out, d->error == NULL ? "no answer" : d->error, 0);
    say(d, "dualwrited: %s: %s (SQLSTATE %s)\n", what, buf_text(&out), d->sqlstate);
    buf_clear(&out);
    if (strcmp(d->sqlstate, "42501") == 0) {
        quote_ident(&out, PQuser(d->pq[d->refusing]));
        say(d, "dualwrited: run it as a daemon's login, or GRANT dualwrite_daemon TO %s; in %s\n", buf_text(&out),
            d->shown[d->refusing]);
    } else if (desk_timed_out(d)) {
        say(d, "dualwrited: the server was too slow: give it more with DUALWRITE_STATEMENT_TIMEOUT\n");
    } else if (strcmp(d->sqlstate, "55P03") == 0) {
        say(d, "dualwrited: somebody holds a lock on it: look at pg_stat_activity, and run the same command again\n");
    } else if (lost) {
        say(d, "dualwrited: look whether the server runs, and run the same command again\n");
    }
    buf_free(&out);
    return lost ? EXIT_UNREACHABLE : EXIT_UNFINISHED;
}

/* ---- connecting ---- */

static int
check_installed(struct desk *d)
{
    PGresult *r = desk_look(d, DATABASE_VNEXT, d->settings->config->statement_timeout_ms, sql_installed, 0, NULL);
    int version = 0;
    bool legacy = false;
    bool ours;

    if (r == NULL)
        return desk_refused(d, "looking for the schema dualwrite");
    ours = strcmp(PQgetvalue(r, 0, 0), "ours") == 0;
    PQclear(r);
    if (!ours) {
        say(d, "dualwrited: dualwrite is not installed in %s: run `dualwrited install`, or correct %s\n",
            d->shown[DATABASE_VNEXT], SETTINGS_URL);
        return EXIT_UNFINISHED;
    }
    r = desk_look(d, DATABASE_VNEXT, d->settings->config->statement_timeout_ms, sql_desk_installation, 0, NULL);
    if (r == NULL)
        return desk_refused(d, "asking what is installed");
    version = atoi(PQgetvalue(r, 0, 0));
    legacy = strcmp(PQgetvalue(r, 0, 1), "legacy") == 0;
    PQclear(r);
    if (version < CAPTURE_SCHEMA_VERSION) {
        say(d,
            "dualwrited: the schema dualwrite in %s has version %d, this program needs %d: run `dualwrited install`, "
            "or ask with the program that installed it\n",
            d->shown[DATABASE_VNEXT], version, CAPTURE_SCHEMA_VERSION);
        return EXIT_UNFINISHED;
    }
    if (legacy) {
        say(d, "dualwrited: %s leads to the legacy database of an installation (%s), not to the vNext one\n",
            SETTINGS_URL, d->shown[DATABASE_VNEXT]);
        return EXIT_CONFIGURATION;
    }
    return EXIT_GOOD;
}

int
desk_open(struct desk *d, const struct settings *settings, const char *name)
{
    return desk_open_saying(d, settings, name, NULL);
}

int
desk_open_saying(struct desk *d, const struct settings *settings, const char *name, struct buf *said)
{
    const char *const urls[] = {settings->config->database_url, settings->config->legacy_database_url};
    char *why = NULL;

    *d = (struct desk){.settings = settings,
                       .said = said,
                       .two = settings_two_databases(settings),
                       .terminal = said == NULL && isatty(STDERR_FILENO) == 1,
                       .doing = "connecting"};
    clock_gettime(CLOCK_MONOTONIC, &d->started);
    for (size_t i = 0; i < (d->two ? 2 : 1); i++)
        d->shown[i] = conninfo_shown_of(urls[i]);
    d->pq[DATABASE_VNEXT] = pgblock_open(urls[0], name, &why);
    if (d->pq[DATABASE_VNEXT] == NULL) {
        char *line = one_line(why);

        say(d, "dualwrited: cannot connect (%s): %s\n", d->shown[DATABASE_VNEXT], line);
        say(d, "dualwrited: check " SETTINGS_URL ", and that the server runs and lets this host in\n");
        free(line);
        free(why);
        return EXIT_UNREACHABLE;
    }
    if (!d->two) {
        d->pq[DATABASE_LEGACY] = d->pq[DATABASE_VNEXT];
    } else if ((d->pq[DATABASE_LEGACY] = pgblock_open(urls[1], name, &why)) == NULL) {
        d->why = one_line(why);
        free(why);
    }
    return check_installed(d);
}

void
desk_close(struct desk *d)
{
    desk_quiet(d);
    if (d->two)
        PQfinish(d->pq[DATABASE_LEGACY]);
    PQfinish(d->pq[DATABASE_VNEXT]);
    free(d->shown[0]);
    free(d->shown[1]);
    free(d->why);
    free(d->error);
    *d = (struct desk){0};
}
