/* restore_run.c - dumps into databases, in transactions that end together; see restore.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "dualwrite/quote.h"
#include "dualwrite/shown.h"
#include "dualwrite/sqlparts.h"
#include "embedded.h"
#include "restore.h"

#define READY "dualwrited-ready"
#define COMMITTED "dualwrited-committed"

/* A dump drops tables that daemons and pages read. With one of them in the way, the server may end the dump's transaction rather
   than the other one: SQLSTATE 40P01, which psql says where its messages are verbose. Nothing is lost then but the time. */
#define DEADLOCK "40P01"
#define ATTEMPTS 5

/* One psql, which is told what to do, and says when it has done it. */
struct session {
    struct dump_side *side;
    struct child psql;
    bool runs;
    int tell;
    int hear;
    struct buf heard;
    char *why; /* it has not all of the dump, and that is not psql's fault */
};

static void
put_names(struct fragments *f, const char *name, const struct dump_side *side, bool schemas)
{
    struct buf out = {0};

    for (size_t i = 0; i < side->ntables; i++) {
        gen_comma(&out);
        quote_literal(&out, schemas ? side->tables[i]->schema : side->tables[i]->name);
    }
    fragments_take(f, name, buf_steal(&out));
}

static bool
tell(struct session *s, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        const ssize_t sent = write(s->tell, text, left);

        if (sent < 0 && errno == EINTR && !child_interrupted())
            continue;
        if (sent < 0)
            return false;
        text += sent;
        left -= (size_t) sent;
    }
    return true;
}

/* Until psql says the word; false when it ended, or somebody interrupted. */
static bool
hear(struct dump_run *run, struct session *s, const char *word)
{
    char piece[4096];
    ssize_t got;

    while (strstr(buf_text(&s->heard), word) == NULL) {
        struct pollfd fd = {.fd = s->hear, .events = POLLIN};

        dump_tick(run);
        if (child_interrupted())
            return false;
        if (poll(&fd, 1, 250) <= 0)
            continue;
        got = read(s->hear, piece, sizeof piece);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        buf_add(&s->heard, piece, (size_t) got);
    }
    return true;
}

static bool
start(struct session *s)
{
    static const char *const argv[] = {"psql",
                                       "--no-psqlrc",
                                       "--no-password",
                                       "--quiet",
                                       "--tuples-only",
                                       "--output=/dev/null",
                                       "--set=ON_ERROR_STOP=1",
                                       "--set=VERBOSITY=verbose",
                                       NULL};
    char **environment = child_environment(s->side->url, "dualwrited-rollback");
    int in[2];
    int out[2];

    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
        return false;
    s->runs = child_start(&s->psql, argv, environment, in[0], out[1], false);
    child_environment_free(environment);
    close(in[0]);
    close(out[1]);
    s->tell = in[1];
    s->hear = out[0];
    return s->runs;
}

/* Ends psql, which takes back what it was not told to commit. What it said, or "". */
static char *
end(struct session *s, int *status)
{
    if (!s->runs)
        return strdup("");
    if (s->tell >= 0)
        close(s->tell);
    close(s->hear);
    buf_free(&s->heard);
    *status = child_wait(&s->psql, NULL, NULL);
    s->runs = false;
    return child_said(&s->psql);
}

static void
complain(const struct dump_run *run, const struct session *s, const char *what, const char *said)
{
    struct buf out = {0};

    shown_text(&out, said, 0);
    fprintf(stderr, "dualwrited %s: %s (%s): %s\n", run->name, what, s->side->shown,
            child_interrupted() ? "interrupted"
            : out.len == 0      ? "psql ended"
                                : buf_text(&out));
    buf_free(&out);
}

/* The whole file into an open transaction. */
static bool
fill(struct dump_run *run, struct session *s, bool vnext)
{
    struct fragments f = {0};
    struct child feeder;
    char *prologue;
    char *said;
    bool good;

    put_names(&f, "schemas", s->side, true);
    put_names(&f, "names", s->side, false);
    prologue = gen_fill(sql_backup_prologue, &f);
    good = tell(s, prologue) && tell(s, "\n");
    free(prologue);
    if (!good || !dump_feed(&feeder, s->side->file, run->format, s->tell))
        return false;
    good = child_wait(&feeder, dump_tick, run) == 0;
    said = child_said(&feeder);
    if (good)
        free(said);
    else
        s->why = said; /* where it failed because psql did, psql says why */
    good = good && tell(s, sql_backup_overrides) && tell(s, "\n");
    if (good && vnext)
        good = tell(s, sql_backup_epilogue) && tell(s, "\n");
    return good && !child_interrupted() && tell(s, "\\echo " READY "\n") && hear(run, s, READY);
}

/* Commits what was filled, one after the other; after the first there is no way back. */
static int
commit(struct dump_run *run, struct session sessions[2], enum restore_state states[2])
{
    int status = EXIT_GOOD;

    for (int side = 0; side < 2 && status == EXIT_GOOD; side++) {
        struct session *s = &sessions[side];

        if (!s->runs)
            continue;
        states[side] = RESTORE_UNKNOWN;
        if (tell(s, "COMMIT;\n\\echo " COMMITTED "\n") && hear(run, s, COMMITTED))
            states[side] = RESTORE_DONE;
        else
            status = EXIT_UNFINISHED;
    }
    return status;
}

/* *deadlock: nothing is changed, and the same again may go well. Any other failure is said, and this one in the last attempt. */
static int
attempt(struct dump_run *run, enum restore_state states[2], bool last, bool *deadlock)
{
    struct session sessions[2] = {{.tell = -1}, {.tell = -1}};
    char *said[2] = {NULL, NULL};
    bool ran[2];
    int status = EXIT_GOOD;
    int ended = 0;

    for (int side = 0; side < 2 && status == EXIT_GOOD; side++) {
        sessions[side].side = &run->sides[side];
        if (!run->sides[side].wanted)
            continue;
        dump_doing(run, side == DATABASE_LEGACY ? "restoring the legacy database" : "restoring the database");
        if (!start(&sessions[side]) || !fill(run, &sessions[side], side == DATABASE_VNEXT))
            status = EXIT_UNFINISHED;
    }
    if (status == EXIT_GOOD)
        status = commit(run, sessions, states);
    dump_quiet(run);
    *deadlock = false;
    for (int side = 0; side < 2; side++) {
        ran[side] = sessions[side].runs;
        said[side] = end(&sessions[side], &ended);
        *deadlock = *deadlock || (status != EXIT_GOOD && strstr(said[side], DEADLOCK) != NULL);
        ran[side] = ran[side] && (*said[side] != '\0' || ended != 0 || sessions[side].why != NULL);
    }
    *deadlock = *deadlock && states[0] == RESTORE_UNTOUCHED && states[1] == RESTORE_UNTOUCHED && !child_interrupted();
    for (int side = 0; side < 2; side++) {
        if (ran[side] && status != EXIT_GOOD && (last || !*deadlock))
            complain(run, &sessions[side], "restoring",
                     *said[side] != '\0' || sessions[side].why == NULL ? said[side] : sessions[side].why);
        free(said[side]);
        free(sessions[side].why);
    }
    return status;
}

int
restore_run(struct dump_run *run, enum restore_state states[2])
{
    bool deadlock = false;
    int status = attempt(run, states, false, &deadlock);

    for (int n = 2; deadlock && n <= ATTEMPTS; n++) {
        fprintf(
            stderr,
            "dualwrited %s: a deadlock with another session, which goes on: nothing has changed; attempt %d of %d\n",
            run->name, n, ATTEMPTS);
        status = attempt(run, states, n == ATTEMPTS, &deadlock);
    }
    if (deadlock)
        fprintf(stderr,
                "dualwrited %s: still a deadlock (SQLSTATE " DEADLOCK
                "): stop what reads these tables, the daemons too\n",
                run->name);
    return status;
}
