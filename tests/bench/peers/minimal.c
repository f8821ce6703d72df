// minimal.c - the least consumer of an outbox that does its job right: claims a chunk, writes legacy, commits, and sleeps in
// between until it is notified. What a listener in C costs at all, with nothing on top: it verifies nothing, logs nothing, has
// no metrics and gives up at the first error. Not a part of dualwrited, and shares no code with it.
//
//     minimal URL CHUNK POLL_MS CLAIM.sql TEAMS.sql MEMBERSHIPS.sql
//
// POLL_MS 0 listens; otherwise it looks every so many milliseconds. Says "ready" when it listens.

#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static PGconn *conn;

static void
die(const char *what)
{
    fprintf(stderr, "minimal: %s: %s\n", what, conn ? PQerrorMessage(conn) : "");
    exit(1);
}

static PGresult *
need(PGresult *result, const char *what)
{
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        die(what);
    return result;
}

static void
run(const char *statement)
{
    PQclear(need(PQexec(conn, statement), statement));
}

static void
prepare(const char *name, const char *path)
{
    static char text[16384];
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(text, 1, sizeof text, file) : 0;
    if (length == 0 || length == sizeof text)
        die(path);
    fclose(file);
    text[length] = '\0';
    PQclear(need(PQprepare(conn, name, text, 1, NULL), name));
}

static PGresult *
run_prepared(const char *name, const char *parameter)
{
    return need(PQexecPrepared(conn, name, 1, &parameter, NULL, NULL, 0), name);
}

// writes the rows of one entity; keys is an array as the server wrote it
static void
apply(const char *name, PGresult *claimed, int column)
{
    if (PQgetisnull(claimed, 0, column))
        return;
    PGresult *result = run_prepared(name, PQgetvalue(claimed, 0, column));
    if (PQntuples(result) > 0)
        die("memberships before their team");
    PQclear(result);
}

// one chunk in one transaction; how many events it had
static int
drain_chunk(const char *chunk)
{
    run("BEGIN");
    PGresult *claimed = run_prepared("claim", chunk);
    int events = atoi(PQgetvalue(claimed, 0, 2));
    apply("teams", claimed, 0);
    apply("memberships", claimed, 1);
    PQclear(claimed);
    run("COMMIT");
    return events;
}

static void
forget_notifications(void)
{
    PGnotify *notification;
    if (!PQconsumeInput(conn))
        die("connection");
    while ((notification = PQnotifies(conn)) != NULL)
        PQfreemem(notification);
}

// until there may be something to do. What was notified while the last claim ran has been read with its answer.
static void
sleep_until_woken(int poll_ms)
{
    struct pollfd socket = {.fd = PQsocket(conn), .events = POLLIN};
    PGnotify *notification = PQnotifies(conn);
    if (notification == NULL)
        poll(&socket, 1, poll_ms > 0 ? poll_ms : -1);
    PQfreemem(notification);
    forget_notifications();
}

int
main(int argc, char **argv)
{
    if (argc != 7) {
        fprintf(stderr, "usage: minimal URL CHUNK POLL_MS CLAIM.sql TEAMS.sql MEMBERSHIPS.sql\n");
        return 2;
    }
    const char *chunk = argv[2];
    int poll_ms = atoi(argv[3]);
    conn = PQconnectdb(argv[1]);
    if (PQstatus(conn) != CONNECTION_OK)
        die("connect");
    // a plan is made once, and of keys: the tables are small when it is made, and grow
    run("SET plan_cache_mode = force_generic_plan");
    run("SET enable_seqscan = off");
    if (poll_ms == 0)
        run("LISTEN outbox");
    puts("ready");
    fflush(stdout);
    // this waits for whoever has locked the outbox
    prepare("claim", argv[4]);
    prepare("teams", argv[5]);
    prepare("memberships", argv[6]);
    for (;;) {
        while (drain_chunk(chunk) == atoi(chunk))
            forget_notifications();
        sleep_until_woken(poll_ms);
    }
}
