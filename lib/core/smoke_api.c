/* smoke_api.c - requests and answers of an application's endpoints; see dualwrite/smoke_api.h. */
#include "dualwrite/smoke_api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/shown.h"
#include "dualwrite/xalloc.h"

#define EXACT 9007199254740992.0 /* 2^53: up to here a JSON number is what was written */

static const cJSON *
item(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* ---- the description ---- */

static void
fault(struct faults *faults, const char *file, int flow, const char *text)
{
    struct buf where = {0};

    buf_printf(&where, flow < 0 ? "%s" : "%s: $.flows[%d]", file, flow);
    faults_add(faults, FAULT_ERROR, buf_text(&where), "%s", text);
    buf_free(&where);
}

static void
check_flow(const char *file, int n, const cJSON *flow, struct faults *faults)
{
    const cJSON *answer = item(flow, "answer");
    const cJSON *path = item(flow, "path");
    const cJSON *value;

    if (cJSON_IsNull(flow))
        return;
    if (!cJSON_IsObject(flow)) {
        fault(faults, file, n, "a flow is an object with \"method\" and \"path\", or null");
        return;
    }
    if (!cJSON_IsString(item(flow, "method")))
        fault(faults, file, n, "\"method\" is missing, such as \"POST\"");
    if (!cJSON_IsString(path) || path->valuestring[0] != '/')
        fault(faults, file, n, "\"path\" is missing, or does not begin with \"/\"");
    cJSON_ArrayForEach(value, answer) if (!cJSON_IsString(value))
        fault(faults, file, n, "\"answer\" says which variable gets which key: {\"root\": \"id\"}");
    if ((n == 0 && !cJSON_IsString(item(answer, "root"))) || (n == 1 && !cJSON_IsString(item(answer, "child"))))
        fault(faults, file, n,
              n == 0 ? "\"answer\" must say where the new row's key is, as \"root\""
                     : "\"answer\" must say where the new row's key is, as \"child\"");
}

cJSON *
smoke_api_parse(const char *file, const char *text, size_t len, struct faults *faults)
{
    const char *end = NULL;
    cJSON *api = cJSON_ParseWithLengthOpts(text, len, &end, false);
    const cJSON *flows = item(api, "flows");
    size_t before = faults->errors;

    if (api == NULL) {
        int line = 1;

        for (const char *s = text; end != NULL && s < end; s++)
            line += *s == '\n';
        faults_add(faults, FAULT_ERROR, file, "line %d: not JSON", line);
        return NULL;
    }
    if (!cJSON_IsArray(flows) || cJSON_GetArraySize(flows) != SMOKE_FLOWS)
        fault(faults, file, -1,
              "\"flows\" must be an array of five: create, add a child, change it, change, remove the child");
    else if (cJSON_IsNull(cJSON_GetArrayItem(flows, 0)))
        fault(faults, file, 0, "without the first flow there is nothing to test");
    else
        for (int i = 0; i < SMOKE_FLOWS; i++)
            check_flow(file, i, cJSON_GetArrayItem(flows, i), faults);
    if (faults->errors == before)
        return api;
    cJSON_Delete(api);
    return NULL;
}

/* ---- variables ---- */

static const cJSON *
variable(const cJSON *api, const cJSON *variables, const char *name, size_t len)
{
    char *key = xcalloc(len + 1, 1);
    const cJSON *found;

    memcpy(key, name, len);
    found = item(variables, key);
    found = found == NULL ? item(item(api, "variables"), key) : found;
    free(key);
    return found;
}

static void
put_plain(struct buf *out, const cJSON *value, bool in_path)
{
    char *json = cJSON_IsString(value) ? NULL : cJSON_PrintUnformatted(value);

    for (const char *s = json == NULL ? value->valuestring : json; *s != '\0'; s++) {
        const bool plain = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') ||
                           strchr("-._~", *s) != NULL;

        if (in_path && !plain)
            buf_printf(out, "%%%02X", (unsigned char) *s);
        else
            buf_putc(out, *s);
    }
    cJSON_free(json);
}

static bool
fill(struct buf *out, const cJSON *api, const cJSON *variables, const char *text, bool in_path, char **why)
{
    while (*text != '\0') {
        size_t len = *text == '{' ? strspn(text + 1, "abcdefghijklmnopqrstuvwxyz_") : 0;
        const cJSON *value;

        if (len == 0 || text[len + 1] != '}') {
            buf_putc(out, *text++);
            continue;
        }
        value = variable(api, variables, text + 1, len);
        if (value == NULL) {
            struct buf reason = {0};

            buf_printf(&reason, "the variable {%.*s} has no value: give it one with --set=%.*s=VALUE", (int) len,
                       text + 1, (int) len, text + 1);
            *why = buf_steal(&reason);
            return false;
        }
        put_plain(out, value, in_path);
        text += len + 2;
    }
    return true;
}

/* A copy with the variables in it; NULL: one is missing. */
static cJSON *
filled(const cJSON *api, const cJSON *variables, const cJSON *value, char **why)
{
    cJSON *copy;
    const cJSON *child;

    if (cJSON_IsString(value)) {
        const char *text = value->valuestring;
        size_t len = strlen(text);
        const cJSON *whole = len > 2 && text[0] == '{' && strchr(text, '}') == text + len - 1
                                 ? variable(api, variables, text + 1, len - 2)
                                 : NULL;
        struct buf out = {0};

        if (whole != NULL)
            return cJSON_Duplicate(whole, true);
        copy = fill(&out, api, variables, text, false, why) ? cJSON_CreateString(buf_text(&out)) : NULL;
        buf_free(&out);
        return copy;
    }
    if (!cJSON_IsObject(value) && !cJSON_IsArray(value))
        return cJSON_Duplicate(value, true);
    copy = cJSON_IsObject(value) ? cJSON_CreateObject() : cJSON_CreateArray();
    cJSON_ArrayForEach(child, value)
    {
        cJSON *one = filled(api, variables, child, why);

        if (one == NULL) {
            cJSON_Delete(copy);
            return NULL;
        }
        if (cJSON_IsObject(value))
            cJSON_AddItemToObject(copy, child->string, one);
        else
            cJSON_AddItemToArray(copy, one);
    }
    return copy;
}

/* ---- requests and answers ---- */

bool
smoke_api_request(const cJSON *api, int flow, const cJSON *variables, const char **method, struct buf *path,
                  struct buf *body, char **why)
{
    const cJSON *wanted = cJSON_GetArrayItem(item(api, "flows"), flow - 1);
    const cJSON *given = item(wanted, "body");
    cJSON *copy;
    char *json;

    *why = NULL;
    *method = cJSON_GetStringValue(item(wanted, "method"));
    if (*method == NULL)
        return true;
    if (!fill(path, api, variables, cJSON_GetStringValue(item(wanted, "path")), true, why))
        return false;
    if (given == NULL)
        return true;
    copy = filled(api, variables, given, why);
    if (copy == NULL)
        return false;
    json = cJSON_PrintUnformatted(copy);
    buf_puts(body, json);
    cJSON_free(json);
    cJSON_Delete(copy);
    return true;
}

static bool
wrong(char **why, const char *what, const char *key)
{
    struct buf out = {0};

    buf_puts(&out, what);
    if (key != NULL) {
        buf_puts(&out, " \"");
        shown_text(&out, key, 40);
        buf_puts(&out, "\"");
    }
    *why = buf_steal(&out);
    return false;
}

bool
smoke_api_answer(const cJSON *api, int flow, const char *answer, cJSON *variables, char **why)
{
    const cJSON *wanted = item(cJSON_GetArrayItem(item(api, "flows"), flow - 1), "answer");
    cJSON *got;
    const cJSON *one;
    bool good = true;

    *why = NULL;
    if (wanted == NULL)
        return true;
    got = cJSON_Parse(answer);
    if (!cJSON_IsObject(got))
        good = wrong(why, "the answer is not a JSON object, or cut off", NULL);
    cJSON_ArrayForEach(one, wanted)
    {
        const cJSON *value = good ? item(got, one->valuestring) : NULL;
        char number[32];

        if (!good)
            break;
        if (cJSON_IsNumber(value) && value->valuedouble >= -EXACT && value->valuedouble <= EXACT)
            snprintf(number, sizeof number, "%.0f", value->valuedouble);
        else if (!cJSON_IsString(value))
            good = wrong(why, "the answer has no usable", one->valuestring);
        if (good) {
            cJSON_DeleteItemFromObjectCaseSensitive(variables, one->string);
            cJSON_AddStringToObject(variables, one->string, cJSON_IsString(value) ? value->valuestring : number);
        }
    }
    cJSON_Delete(got);
    return good;
}

bool
smoke_api_has_login(const char *url)
{
    const char *host = strstr(url, "//");

    return host != NULL && memchr(host + 2, '@', strcspn(host + 2, "/?#")) != NULL;
}
