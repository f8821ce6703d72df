/* smoke_request.c - a flow through the application's HTTP endpoint; what they are says lib/core/smoke_api.c. */
#include <stdlib.h>
#include <string.h>

#include "dualwrite/shown.h"
#include "dualwrite/smoke_api.h"
#include "dualwrite/xalloc.h"
#include "http_client.h"
#include "smoke_run.h"

#define TOKEN "SMOKE_API_TOKEN"
#define EXTRACT 200

static bool
failed(cJSON *entry, char *reason, const char *next)
{
    cJSON_ReplaceItemInObject(entry, "reason", cJSON_CreateString(reason));
    if (next != NULL)
        cJSON_ReplaceItemInObject(entry, "next", cJSON_CreateString(next));
    free(reason);
    return false;
}

/* What is wrong with an answer that is no success; the token is in none of it. */
static bool
refused(cJSON *entry, const struct http_request *request, const char *path, const struct http_answer *answer)
{
    struct buf body = {0};
    const char *next = NULL;

    if (answer->status == 401 || answer->status == 403)
        next = request->token == NULL ? "put a token into " TOKEN " and run it again"
                                      : "look whether the token in " TOKEN " is valid and may do this";
    else if (answer->status >= 300 && answer->status < 400)
        next = "redirects are not followed: give the --base-url that it leads to";
    shown_text(&body, buf_text(&answer->body), EXTRACT);
    failed(entry,
           smoke_text_of("%s %s answered %ld%s%s", request->method, path, answer->status, body.len > 0 ? ": " : "",
                         buf_text(&body)),
           next);
    buf_free(&body);
    return false;
}

/* The vNext row whose key is `key`: its identity comes from the table. False: it is not there. */
static bool
take_row(struct smoke *s, struct smoke_row *row, const char *key, char **why)
{
    const struct mapping_entity *e = &s->mapping->entities[row->entity];
    char *sql;
    PGresult *r;
    bool found;

    if (e->source_key.count != 1) {
        *why = smoke_text_of("the key of %s has several columns, and the answer gives one", e->source.name);
        return false;
    }
    sql = smoke_find_sql(s->mapping, &s->catalogs, e, e->source_key.items[0]);
    r = desk_look(s->d, DATABASE_VNEXT, s->d->settings->config->statement_timeout_ms, sql, 1, &key);
    free(sql);
    found = r != NULL && PQntuples(r) == 1;
    if (r == NULL)
        *why = smoke_refusal(s);
    else if (!found)
        *why = smoke_text_of("the application answered %s %s, but there is no such row in %s: is that the database it "
                             "writes to?",
                             e->log_id, key, s->d->shown[DATABASE_VNEXT]);
    if (found) {
        cJSON_Delete(row->key);
        cJSON_Delete(row->identity);
        row->key = cJSON_Parse(PQgetvalue(r, 0, 0));
        row->identity = cJSON_Parse(PQgetvalue(r, 0, 1));
    }
    PQclear(r);
    return found;
}

static bool
take_answer(struct smoke *s, int flow, const struct http_answer *answer, cJSON *entry)
{
    struct smoke_row *row = flow == 1 ? &s->root : &s->child;
    const char *key;
    char *why = NULL;

    if (!smoke_api_answer(s->api, flow, buf_text(&answer->body), s->variables, &why)) {
        struct buf body = {0};
        char *reason;

        shown_text(&body, buf_text(&answer->body), EXTRACT);
        reason = smoke_text_of("%s: %s", why, buf_text(&body));
        buf_free(&body);
        free(why);
        return failed(entry, reason, NULL);
    }
    if (flow > 2)
        return true;
    key = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(s->variables, flow == 1 ? "root" : "child"));
    if (!take_row(s, row, key, &why))
        return failed(entry, why, "dualwrited check");
    if (flow == 1)
        cJSON_AddItemToArray(s->made, cJSON_Duplicate(row->key, true));
    return true;
}

/* Makes the request of a flow and hears the answer; false: there is none, see *why. Free what `r` has with let_go(). */
struct asked_for {
    struct http_request request;
    struct http_answer answer;
    struct buf path, body, url;
};

static bool
ask(struct smoke *s, int flow, const cJSON *variables, struct asked_for *r, char **why)
{
    const char *token = getenv(TOKEN);
    size_t base = strlen(s->asked->base_url);

    *r = (struct asked_for){0};
    if (token != NULL && token[strcspn(token, "\r\n")] != '\0') {
        *why = xstrdup(TOKEN " has a line end in it, so it is no token");
        return false;
    }
    if (!smoke_api_request(s->api, flow, variables, &r->request.method, &r->path, &r->body, why))
        return false;
    while (base > 0 && s->asked->base_url[base - 1] == '/')
        base--;
    buf_add(&r->url, s->asked->base_url, base);
    buf_puts(&r->url, buf_text(&r->path));
    r->request.url = buf_text(&r->url);
    r->request.token = token != NULL && *token != '\0' ? token : NULL;
    r->request.body = r->body.len > 0 ? buf_text(&r->body) : NULL;
    r->request.timeout_ms = s->asked->timeout_ms;
    r->request.interrupted = smoke_interrupted;
    if (!http_client_ask(&r->request, &r->answer, why)) {
        char *reason = smoke_text_of("%s %s: %s", r->request.method, buf_text(&r->path), *why);

        free(*why);
        *why = reason;
        return false;
    }
    return true;
}

static void
let_go(struct asked_for *r)
{
    buf_free(&r->answer.body);
    buf_free(&r->path);
    buf_free(&r->body);
    buf_free(&r->url);
}

bool
smoke_request(struct smoke *s, int flow, cJSON *entry, double *committed)
{
    struct asked_for r;
    char *why = NULL;
    bool good = ask(s, flow, s->variables, &r, &why);

    *committed = smoke_now();
    if (!good)
        failed(entry, why, r.request.url == NULL ? NULL : "look whether the application runs behind --base-url");
    else if (r.answer.status >= 200 && r.answer.status < 300)
        good = take_answer(s, flow, &r.answer, entry);
    else
        good = refused(entry, &r.request, buf_text(&r.path), &r.answer);
    let_go(&r);
    return good;
}

bool
smoke_request_one(struct smoke *s, const char *name, double *ms, char **why)
{
    cJSON *variables = cJSON_Duplicate(s->variables, true);
    struct asked_for r;
    bool good;

    cJSON_ReplaceItemInObjectCaseSensitive(variables, "name", cJSON_CreateString(name));
    good = ask(s, 1, variables, &r, why);
    *ms = r.answer.ms;
    if (good && (r.answer.status < 200 || r.answer.status >= 300)) {
        *why = smoke_text_of("%s %s answered %ld", r.request.method, buf_text(&r.path), r.answer.status);
        good = false;
    }
    good = good && smoke_api_answer(s->api, 1, buf_text(&r.answer.body), variables, why);
    if (good) {
        cJSON *key = cJSON_CreateArray();

        cJSON_AddItemToArray(key, cJSON_CreateString(cJSON_GetStringValue(cJSON_GetObjectItem(variables, "root"))));
        cJSON_AddItemToArray(s->made, key);
    }
    let_go(&r);
    cJSON_Delete(variables);
    return good;
}
