/* stage_state.c - the document stage.json; see dualwrite/stage_state.h. */
#include "dualwrite/stage_state.h"

#include <string.h>

#define FORMAT 1

static cJSON *
item(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *
string(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(item(object, key));

    return text == NULL ? "" : text;
}

static cJSON *
phase_of(const cJSON *state, int phase)
{
    return cJSON_GetArrayItem(item(state, "phases"), phase);
}

static void
set(cJSON *object, const char *key, cJSON *value)
{
    if (item(object, key) == NULL)
        cJSON_AddItemToObject(object, key, value);
    else
        cJSON_ReplaceItemInObjectCaseSensitive(object, key, value);
}

static void
set_waiting(cJSON *p)
{
    set(p, "state", cJSON_CreateString("waiting"));
    set(p, "started_at", cJSON_CreateNull());
    set(p, "seconds", cJSON_CreateNull());
    set(p, "why", cJSON_CreateNull());
    set(p, "steps", cJSON_CreateArray());
}

cJSON *
stage_state_new(const char *program, const cJSON *options, const char *now)
{
    cJSON *state = cJSON_CreateObject();
    cJSON *phases;

    cJSON_AddNumberToObject(state, "version", FORMAT);
    cJSON_AddStringToObject(state, "program", program);
    cJSON_AddNullToObject(state, "environment");
    cJSON_AddItemToObject(state, "options", cJSON_Duplicate(options, true));
    cJSON_AddStringToObject(state, "started_at", now);
    cJSON_AddNullToObject(state, "finished_at");
    phases = cJSON_AddArrayToObject(state, "phases");
    for (int i = 0; i < STAGE_PHASES; i++) {
        cJSON *p = cJSON_CreateObject();

        cJSON_AddNumberToObject(p, "phase", i);
        cJSON_AddStringToObject(p, "name", stage_phase_name(i));
        set_waiting(p);
        cJSON_AddItemToArray(phases, p);
    }
    cJSON_AddArrayToObject(state, "undo");
    cJSON_AddArrayToObject(state, "criteria");
    return state;
}

const char *
stage_state_unusable(const cJSON *state)
{
    const cJSON *phase;
    const cJSON *note;
    int i = 0;

    if (!cJSON_IsObject(state))
        return "it is not a JSON object";
    if (!cJSON_IsNumber(item(state, "version")) || item(state, "version")->valueint != FORMAT)
        return "another version of this program wrote it";
    if (!cJSON_IsObject(item(state, "options")) || !cJSON_IsArray(item(state, "undo")) ||
        cJSON_GetArraySize(item(state, "phases")) != STAGE_PHASES || !cJSON_IsString(item(state, "started_at")))
        return "its keys are not those of a staged test";
    cJSON_ArrayForEach(phase, item(state, "phases")) if (!cJSON_IsArray(item(phase, "steps")) ||
                                                         strcmp(string(phase, "name"), stage_phase_name(i++)) !=
                                                             0) return "its phases are not those of a staged test";
    cJSON_ArrayForEach(note, item(state, "undo"))
    {
        const cJSON *word;

        cJSON_ArrayForEach(
            word, item(note, "command")) if (!cJSON_IsString(word)) return "what it has to take back is no command";
    }
    return NULL;
}

const char *
stage_state_merge(cJSON *state, const cJSON *options)
{
    cJSON *stored = item(state, "options");
    const cJSON *option;

    cJSON_ArrayForEach(option, options)
    {
        if (item(stored, option->string) != NULL &&
            strcmp(string(stored, option->string), cJSON_GetStringValue(option)) != 0 &&
            (strcmp(option->string, "env") == 0 || strcmp(option->string, "namespace") == 0))
            return option->string;
        set(stored, option->string, cJSON_Duplicate(option, true));
    }
    return NULL;
}

void
stage_state_defaults(cJSON *state)
{
    static const char *const defaults[][2] = {
        {"env", "local"}, {"sample-size", "100"}, {"perf", "20"}, {"step-timeout", "1h"}};
    cJSON *options = item(state, "options");

    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
        if (item(options, defaults[i][0]) == NULL)
            cJSON_AddStringToObject(options, defaults[i][0], defaults[i][1]);
}

int
stage_state_next(const cJSON *state)
{
    int i = 0;

    while (i < STAGE_PHASES && strcmp(string(phase_of(state, i), "state"), "done") == 0)
        i++;
    return i;
}

bool
stage_state_back_to(cJSON *state, int phase)
{
    if (phase > stage_state_next(state))
        return false;
    for (int i = phase; i < STAGE_PHASES; i++)
        set_waiting(phase_of(state, i));
    set(state, "finished_at", cJSON_CreateNull());
    set(state, "criteria", cJSON_CreateArray());
    return true;
}

void
stage_state_begin(cJSON *state, int phase, const char *now)
{
    cJSON *p = phase_of(state, phase);

    set_waiting(p);
    set(p, "state", cJSON_CreateString("running"));
    set(p, "started_at", cJSON_CreateString(now));
}

void
stage_state_end(cJSON *state, int phase, double seconds, const char *why)
{
    cJSON *p = phase_of(state, phase);

    set(p, "state", cJSON_CreateString(why == NULL ? "done" : "stopped"));
    set(p, "seconds", cJSON_CreateNumber(seconds));
    set(p, "why", why == NULL ? cJSON_CreateNull() : cJSON_CreateString(why));
}

void
stage_state_step(cJSON *state, const struct stage_step *step, const struct words *command, int status, double seconds)
{
    cJSON *done = cJSON_CreateObject();
    struct buf shown = {0};

    words_shown(&shown, command);
    cJSON_AddStringToObject(done, "name", step->name);
    cJSON_AddStringToObject(done, "command", buf_text(&shown));
    cJSON_AddNumberToObject(done, "status", status);
    cJSON_AddStringToObject(done, "file", step->file);
    cJSON_AddNumberToObject(done, "seconds", seconds);
    cJSON_AddItemToArray(item(phase_of(state, step->phase), "steps"), done);
    buf_free(&shown);
}

int
stage_state_status(const cJSON *state, const char *step)
{
    const cJSON *phase;
    const cJSON *done;

    cJSON_ArrayForEach(phase, item(state, "phases")) cJSON_ArrayForEach(
        done, item(phase, "steps")) if (strcmp(string(done, "name"), step) == 0) return item(done, "status") == NULL
        ? -1
        : item(done, "status")->valueint;
    return -1;
}

/* ---- what must be taken back ---- */

static bool
same(const cJSON *note, const struct words *command)
{
    const cJSON *noted = item(note, "command");

    if ((size_t) cJSON_GetArraySize(noted) != command->count)
        return false;
    for (size_t i = 0; i < command->count; i++)
        if (strcmp(cJSON_GetStringValue(cJSON_GetArrayItem(noted, (int) i)), command->items[i]) != 0)
            return false;
    return true;
}

static int
place_of(const cJSON *state, const struct words *command)
{
    const cJSON *undo = item(state, "undo");

    for (int i = 0; i < cJSON_GetArraySize(undo); i++)
        if (same(cJSON_GetArrayItem(undo, i), command))
            return i;
    return -1;
}

void
stage_state_note(cJSON *state, const struct words *command, bool at_once)
{
    cJSON *note;

    if (place_of(state, command) >= 0)
        return;
    note = cJSON_CreateObject();
    cJSON_AddItemToObject(note, "command",
                          cJSON_CreateStringArray((const char *const *) command->items, (int) command->count));
    cJSON_AddBoolToObject(note, "at_once", at_once);
    cJSON_AddItemToArray(item(state, "undo"), note);
}

void
stage_state_taken_back(cJSON *state, const struct words *command)
{
    const int at = place_of(state, command);

    if (at >= 0)
        cJSON_DeleteItemFromArray(item(state, "undo"), at);
}

bool
stage_state_noted(const cJSON *state, const struct words *command)
{
    return place_of(state, command) >= 0;
}

bool
stage_state_to_undo(const cJSON *state, bool at_once, struct words *command)
{
    const cJSON *undo = item(state, "undo");

    for (int i = cJSON_GetArraySize(undo) - 1; i >= 0; i--) {
        const cJSON *note = cJSON_GetArrayItem(undo, i);
        const cJSON *word;

        if (at_once && !cJSON_IsTrue(item(note, "at_once")))
            continue;
        cJSON_ArrayForEach(word, item(note, "command")) words_add(command, cJSON_GetStringValue(word));
        return true;
    }
    return false;
}
