/* alert_send.c - tells webhook, PagerDuty and mail; see alert_send.h. */
#include "alert_send.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dualwrite/alert_text.h"
#include "dualwrite/log.h"
#include "dualwrite/slurp.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "http_client.h"
#include "runner.h"

#define TIMEOUT_MS 10000 /* of one target, with one alert */
#define SECRET_MOST 4096

#define WEBHOOK "DUALWRITE_ALERT_WEBHOOK_URL"
#define PAGERDUTY "DUALWRITE_ALERT_PAGERDUTY_KEY"
#define MAIL "DUALWRITE_ALERT_MAIL_TO"

/* One that is set. */
struct target {
    const char *name;
    const struct config_alert *config;
    char *secret; /* NULL: it needs none */
    /* NULL: it was told; else why not, to free */
    char *(*tell)(const struct target *t, const struct alert *a);
};

static void
failed(const char *target, const char *pack, const char *why)
{
    struct log_line l = {0};

    log_begin(&l, LOG_ERROR, "alert_failed");
    log_str(&l, "target", target);
    log_str(&l, "pack", pack);
    log_str(&l, "msg", why);
    log_end(&l);
}

/* ---- secrets ---- */

/* A line that a request can carry. Nothing of it is ever said. */
static bool
is_sound(const char *secret, bool url)
{
    for (const char *p = secret; *p != '\0'; p++)
        if (*p <= ' ' || *p > '~')
            return false;
    return *secret != '\0' && (!url || strncmp(secret, "https://", 8) == 0 || strncmp(secret, "http://", 7) == 0);
}

/* A file's first line; NULL with errno. */
static char *
line_of(const char *path)
{
    size_t len;
    char *text = slurp(path, SECRET_MOST, &len);

    if (text != NULL)
        text[strcspn(text, "\r\n")] = '\0';
    return text;
}

/* The key's value, its file's, or the credential's; NULL: not set, or unsound, which is then said. */
static char *
read_secret(const char *target, const char *key, const char *value, const char *file, const char *credential, bool url,
            size_t *asked)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    struct buf path = {0};
    char *secret = NULL;
    struct buf why = {0};

    errno = 0;
    if (*value != '\0') {
        buf_puts(&path, key);
        secret = xstrdup(value);
    } else if (*file != '\0') {
        buf_puts(&path, file);
        secret = line_of(file);
    } else if (folder != NULL) {
        buf_printf(&path, "%s/%s", folder, credential);
        secret = line_of(buf_text(&path));
        if (secret == NULL && errno == ENOENT)
            buf_clear(&path);
    }
    *asked += path.len > 0;
    if (path.len > 0 && secret == NULL)
        buf_printf(&why, "%s: %s", buf_text(&path), strerror(errno));
    else if (secret != NULL && !is_sound(secret, url))
        buf_printf(&why, "%s is no %s", buf_text(&path),
                   url ? "URL of one line that begins with https:// or http://" : "key of one line without blanks");
    if (why.len > 0) {
        failed(target, NULL, buf_text(&why));
        free(secret);
        secret = NULL;
    }
    buf_free(&why);
    buf_free(&path);
    return secret;
}

/* ---- the targets ---- */

static char *
post(const char *url, const char *body)
{
    const struct http_request request = {.method = "POST", .url = url, .body = body, .timeout_ms = TIMEOUT_MS};
    struct http_answer answer;
    struct buf said = {0};
    char *why;
    const bool whole = http_client_ask(&request, &answer, &why);

    /* what it answers may hold what was sent, the secret too: only the number is said, and counts, though the rest be cut off */
    if (answer.status >= 200 && answer.status <= 299) {
        free(why);
        why = NULL;
    } else if (whole) {
        buf_printf(&said, "it answered %ld", answer.status);
        if (answer.status >= 300 && answer.status < 400)
            buf_puts(&said, "; redirects are not followed: set the address that it leads to");
        why = buf_steal(&said);
    }
    buf_free(&answer.body);
    return why;
}

static char *
tell_webhook(const struct target *t, const struct alert *a)
{
    char *body = alert_slack(a);
    char *why = post(t->secret, body);

    free(body);
    return why;
}

static char *
tell_pagerduty(const struct target *t, const struct alert *a)
{
    char *body = alert_pagerduty(a, t->secret);
    char *why = post(t->config->pagerduty_url, body);

    free(body);
    return why;
}

/* A child gets the environment, which is where secrets may stand. */
static void
hide_secrets(void)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);

    for (size_t i = 0; i < count; i++)
        if (keys[i].type == CONFIG_SECRET)
            unsetenv(keys[i].name);
    unsetenv("PGPASSWORD");
}

static char *
tell_mail(const struct target *t, const struct alert *a)
{
    struct words argv = {0};
    char *mail = alert_mail(a, t->config->mail_to);
    struct run child = {.out = "/dev/null", .in = mail, .limit_ms = TIMEOUT_MS};
    struct buf why = {0};

    words_add(&argv, t->config->sendmail);
    words_add(&argv, "-i"); /* a line with one dot does not end it */
    words_add(&argv, "-t");
    hide_secrets();
    run_command(&child, &argv);
    if (child.status < 0)
        buf_puts(&why, child.why);
    else if (child.status > 0)
        buf_printf(&why, "%s ended with status %d", t->config->sendmail, child.status);
    run_free(&child);
    words_free(&argv);
    free(mail);
    return why.len == 0 ? NULL : buf_steal(&why);
}

/* Those that are set, at most 3; *asked counts also those whose secret cannot be used. */
static size_t
find_targets(const struct config_alert *c, struct target targets[3], size_t *asked)
{
    struct target all[] = {
        {"webhook", c, NULL, tell_webhook}, {"pagerduty", c, NULL, tell_pagerduty}, {"mail", c, NULL, tell_mail}};
    size_t count = 0;

    *asked = *c->mail_to != '\0';
    all[0].secret = read_secret("webhook", WEBHOOK, c->webhook_url, c->webhook_url_file, "dualwrited.alert-webhook-url",
                                true, asked);
    all[1].secret = read_secret("pagerduty", PAGERDUTY, c->pagerduty_key, c->pagerduty_key_file,
                                "dualwrited.alert-pagerduty-key", false, asked);
    for (size_t i = 0; i < 3; i++)
        if (all[i].secret != NULL || (i == 2 && *c->mail_to != '\0'))
            targets[count++] = all[i];
    return count;
}

/* ---- what they know ---- */

/* "app at db.example.internal:5432": what the incident is about, whichever host looked. */
static char *
source_of(const struct desk *d)
{
    const PGconn *pq = d->pq[DATABASE_VNEXT];
    const char *host = PQhost(pq);
    char here[256] = "localhost";
    struct buf source = {0};

    if (host == NULL || *host == '\0' || *host == '/') {
        gethostname(here, sizeof here - 1);
        host = here;
    }
    buf_printf(&source, "%s at %s:%s", PQdb(pq), host, PQport(pq));
    return buf_steal(&source);
}

static enum health_status
status_of(const char *word)
{
    for (int s = HEALTH_IS_HEALTHY; s < HEALTH_IS_CRITICAL; s++)
        if (strcmp(word, health_status_word((enum health_status) s)) == 0)
            return (enum health_status) s;
    return HEALTH_IS_CRITICAL;
}

/* Opens the transaction in which this target is told of that pack, by nobody else meanwhile; false after a refusal. */
static bool
begin(struct desk *d, const struct target *t, const struct alert *a)
{
    const char *params[] = {a->pack->pack->name, t->name};
    PGresult *r = NULL;

    if (desk_begin(d, DATABASE_VNEXT, d->settings->config->statement_timeout_ms, true))
        r = desk_ask(d, DATABASE_VNEXT, sql_integrity_alert_lock, 2, params);
    PQclear(r);
    return r != NULL;
}

/* What this target knows of that pack, with the incident's key in `a`; 0: nothing, 1: `last`, -1: it could not be read. */
static int
read_last(struct desk *d, const struct target *t, struct alert *a, char **key, struct alert_last *last)
{
    const char *params[] = {a->pack->pack->name, t->name};
    PGresult *r = begin(d, t, a) ? desk_ask(d, DATABASE_VNEXT, sql_integrity_alert_last, 2, params) : NULL;
    const int there = r == NULL ? -1 : PQntuples(r);

    if (there == 1) {
        *last = (struct alert_last){status_of(PQgetvalue(r, 0, 0)), (int) strtol(PQgetvalue(r, 0, 1), NULL, 10),
                                    strtod(PQgetvalue(r, 0, 2), NULL)};
        *key = xstrdup(PQgetvalue(r, 0, 3));
        a->was = last->score;
    } else {
        *key = alert_key(a->pack->pack->name, a->source);
    }
    a->key = *key;
    PQclear(r);
    return there;
}

/* In the transaction that is open. */
static bool
keep(struct desk *d, const struct target *t, const struct alert *a)
{
    const int score = integrity_score(a->pack);
    const bool over = a->kind == ALERT_RESOLVED;
    char points[16];
    const char *params[] = {a->pack->pack->name, t->name, a->key, health_status_word(health_status(score)), points};
    PGresult *r;

    snprintf(points, sizeof points, "%d", score);
    r = desk_ask(d, DATABASE_VNEXT, over ? sql_integrity_alert_over : sql_integrity_alert_told, over ? 2 : 5, params);
    PQclear(r);
    return r != NULL;
}

/* ---- telling ---- */

static void
told(const struct target *t, const struct alert *a)
{
    struct log_line l = {0};

    log_begin(&l, LOG_INFO, "alert_sent");
    log_str(&l, "target", t->name);
    log_str(&l, "pack", a->pack->pack->name);
    log_str(&l, "kind", alert_kind_word(a->kind));
    log_str(&l, "status", health_status_word(health_status(integrity_score(a->pack))));
    log_int(&l, "health_score", integrity_score(a->pack));
    log_end(&l);
}

static void
tell(struct desk *d, const struct target *t, struct alert *a)
{
    const struct alert_now now = {integrity_score(a->pack), a->period_hours * 3600.0};
    const char *pack = a->pack->pack->name;
    struct alert_last last;
    char *key;
    char *why = NULL;
    bool kept = true;
    const int known = read_last(d, t, a, &key, &last);

    if (known < 0)
        failed(t->name, pack, d->error); /* better twice than not at all */
    a->kind = alert_decide(known == 1 ? &last : NULL, &now);
    if (a->kind != ALERT_NONE) {
        why = t->tell(t, a);
        if (why != NULL) {
            failed(t->name, pack, why);
        } else {
            told(t, a);
            kept = known >= 0 && keep(d, t, a);
        }
    }
    kept = desk_end(d, DATABASE_VNEXT, known >= 0 && kept) && kept;
    if (!kept)
        failed(t->name, pack, "it was told, but that could not be kept, so it may be told again");
    free(why);
    free(key);
}

void
alert_send(struct desk *d, const struct integrity_report *report)
{
    struct target targets[3];
    char *source = source_of(d);
    size_t asked, count;

    log_priority_prefix(log_stderr_is_journal());
    log_configure(d->settings->config->log_format, d->settings->config->log_level);
    count = find_targets(&d->settings->config->alert, targets, &asked);
    if (asked == 0)
        log_msg(LOG_WARNING, "alert_no_target", "--alert tells nobody: set " WEBHOOK ", " PAGERDUTY " or " MAIL);
    for (size_t t = 0; t < count; t++)
        for (size_t p = 0; p < report->count; p++) {
            struct alert a = {
                .pack = &report->packs[p], .period_hours = report->period_hours, .at = report->at, .source = source};

            tell(d, &targets[t], &a);
        }
    for (size_t t = 0; t < count; t++)
        free(targets[t].secret);
    free(source);
}
