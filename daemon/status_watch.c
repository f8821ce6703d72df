/* status_watch.c - `dualwrited status --watch`; see status_watch.h. */
#include "status_watch.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "dualwrite/shown.h"
#include "dualwrite/status_report.h"

/* Meanwhile what is too wide for the terminal is cut: a line that wraps would push the others off the screen. */
#define SHOW_CURSOR "\x1b[?7h\x1b[?25h"
#define HIDE_CURSOR "\x1b[?7l\x1b[?25l"

struct watch {
    const struct settings *settings;
    int64_t interval_ms;
    bool json;
    struct desk desk;
    bool open;
    struct buf said;  /* by the desk */
    int64_t away_ms;  /* since when nobody answers; 0: somebody does */
    struct buf shown; /* the last answer, for a terminal */
    size_t rows;      /* of the terminal; 0: it is none */
};

/* ---- signals ---- */

static volatile sig_atomic_t on_terminal;

/* Nothing is to be saved, and a server may be slow to answer: it ends here and now. */
static void
end(int number)
{
    (void) number;
    if (on_terminal)
        (void) !write(STDOUT_FILENO, SHOW_CURSOR "\n", sizeof SHOW_CURSOR);
    _exit(EXIT_GOOD);
}

static void
stop(int number)
{
    (void) number;
    if (on_terminal)
        (void) !write(STDOUT_FILENO, SHOW_CURSOR, sizeof SHOW_CURSOR - 1);
    raise(SIGSTOP);
}

/* Only ends the pause: the next frame asks for the size. */
static void
resized(int number)
{
    (void) number;
}

static void
handle(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};

    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

/* Writes all of it or nothing: a signal that ends us waits until the line is whole. */
static bool
put(const struct buf *text)
{
    sigset_t ends;
    sigset_t before;
    bool good;

    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGTSTP);
    sigprocmask(SIG_BLOCK, &ends, &before);
    good = fwrite(buf_text(text), 1, text->len, stdout) == text->len && fflush(stdout) == 0;
    sigprocmask(SIG_SETMASK, &before, NULL);
    return good;
}

/* ---- times ---- */

static int64_t
now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
put_time(char *at, size_t size)
{
    struct timespec t;
    struct tm tm;
    size_t len;

    clock_gettime(CLOCK_REALTIME, &t);
    gmtime_r(&t.tv_sec, &tm);
    len = strftime(at, size, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(at + len, size - len, ".%03dZ", (int) (t.tv_nsec / 1000000));
}

/* ---- a screen ---- */

static void
measure(struct watch *w)
{
    struct winsize size;

    w->rows = 0;
    if (!on_terminal || w->json)
        return;
    w->rows = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 3 ? size.ws_row : 24;
}

/* What fits of `text` below the line `head`, over what was there before. */
static void
put_frame(struct buf *out, const char *head, const char *text, size_t rows)
{
    size_t lines = 0;

    for (const char *c = text; *c != '\0'; c++)
        lines += *c == '\n';
    buf_puts(out, HIDE_CURSOR "\x1b[H");
    buf_printf(out, "%s\x1b[K\n", head);
    for (size_t row = 1; *text != '\0'; row++) {
        size_t len = strcspn(text, "\n");

        if (row + 2 == rows && lines > rows - 2) {
            buf_printf(out, "... %zu more lines\x1b[K\n", lines - row + 1);
            break;
        }
        buf_add(out, text, len);
        buf_puts(out, "\x1b[K\n");
        text += len + (text[len] == '\n');
    }
    buf_puts(out, "\x1b[J");
}

static bool
draw(struct watch *w, const char *at, const char *why)
{
    struct buf head = {0}, line = {0}, out = {0};
    const size_t width = desk_width();
    bool good;

    if (why == NULL) {
        buf_printf(&line, "dualwrited status at %.8s UTC, every ", at + 11);
        shown_span(&line, (double) w->interval_ms / 1000);
        buf_puts(&line, "; Ctrl-C ends it");
    } else {
        buf_puts(&line, "NO ANSWER for ");
        shown_span(&line, (double) (now_ms() - w->away_ms) / 1000);
        buf_printf(&line, ": %s", why);
    }
    shown_text(&head, buf_text(&line), width);
    put_frame(&out, buf_text(&head), buf_text(&w->shown), w->rows);
    good = put(&out);
    buf_free(&head);
    buf_free(&line);
    buf_free(&out);
    return good;
}

/* ---- one look ---- */

/* The first line of what the desk said, without the program's name. */
static char *
first_line(struct buf *said)
{
    char *text = said->len == 0 ? "no answer" : said->data;
    static const char name[] = "dualwrited: ";

    if (said->len > 0)
        text[strcspn(text, "\n")] = '\0';
    return strncmp(text, name, sizeof name - 1) == 0 ? text + sizeof name - 1 : text;
}

static bool
tell_away(struct watch *w, const char *at)
{
    struct buf out = {0};
    const char *why = first_line(&w->said);
    bool good;

    if (w->away_ms == 0)
        w->away_ms = now_ms();
    if (w->rows > 0)
        return draw(w, at, why);
    status_line_away(&out, at, (double) (now_ms() - w->away_ms) / 1000, why, w->json);
    good = put(&out);
    buf_free(&out);
    return good;
}

static bool
tell(struct watch *w, const char *at, const cJSON *report)
{
    struct buf out = {0}, again = {0};
    bool good;

    if (w->away_ms != 0) {
        buf_puts(&again, "answers again after ");
        shown_span(&again, (double) (now_ms() - w->away_ms) / 1000);
        w->away_ms = 0;
    }
    if (w->rows > 0) {
        buf_clear(&w->shown);
        status_text(&w->shown, report, desk_width(), true);
        good = draw(w, at, NULL);
    } else {
        if (w->json) {
            char *text = cJSON_PrintUnformatted(report);

            buf_printf(&out, "%s\n", text);
            cJSON_free(text);
        } else {
            status_line(&out, report, again.len == 0 ? NULL : buf_text(&again));
        }
        good = put(&out);
    }
    buf_free(&out);
    buf_free(&again);
    return good;
}

static bool
look(struct watch *w, status_gather gather)
{
    int status = EXIT_GOOD;
    cJSON *report = NULL;
    char at[40];
    bool good;

    buf_clear(&w->said);
    if (!w->open) {
        status = desk_open_saying(&w->desk, w->settings, "status", &w->said);
        w->open = true;
    }
    if (status == EXIT_GOOD)
        report = gather(&w->desk, &status);
    measure(w);
    put_time(at, sizeof at);
    good = report == NULL ? tell_away(w, at) : tell(w, at, report);
    /* a legacy database that was away may be back: it is asked for with a new connection */
    if (report == NULL || w->desk.pq[DATABASE_LEGACY] == NULL ||
        PQstatus(w->desk.pq[DATABASE_LEGACY]) != CONNECTION_OK) {
        desk_close(&w->desk);
        w->open = false;
    }
    cJSON_Delete(report);
    return good;
}

/* Whether a screen can be drawn in place there: not in an editor's shell. */
static bool
can_draw(void)
{
    const char *term = getenv("TERM");

    return isatty(STDOUT_FILENO) == 1 && (term == NULL || strcmp(term, "dumb") != 0);
}

int
status_watch(const struct settings *settings, int64_t interval_ms, bool json, status_gather gather)
{
    const struct timespec pause = {.tv_sec = interval_ms / 1000, .tv_nsec = interval_ms % 1000 * 1000000};
    struct watch w = {.settings = settings, .interval_ms = interval_ms, .json = json};

    on_terminal = !json && can_draw();
    handle(SIGINT, end);
    handle(SIGTERM, end);
    handle(SIGHUP, end);
    handle(SIGTSTP, stop);
    handle(SIGWINCH, resized);
    if (on_terminal)
        fputs("\x1b[2J", stdout);
    while (look(&w, gather))
        nanosleep(&pause, NULL);
    if (w.open)
        desk_close(&w.desk);
    buf_free(&w.said);
    buf_free(&w.shown);
    return EXIT_UNFINISHED;
}
