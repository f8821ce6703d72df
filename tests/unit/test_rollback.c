/* test_rollback.c - which flags a rollback sets, and who counts as having confirmed them. */
/* links: lib/core/rollback.c lib/core/flags.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "dualwrite/rollback.h"

#define OFF "{\"TEAM_VNEXT_DUAL_WRITE_ENABLED\":\"false\"}"
#define ON "{\"TEAM_VNEXT_DUAL_WRITE_ENABLED\":\"true\"}"
#define FLAGS                                                                                                          \
    "\"flags\":{\"TEAM_VNEXT_DUAL_WRITE_ENABLED\":{\"value\":\"false\"},\"TEAM_LEGACY_WRITE_BLOCKED\":{\"value\":"     \
    "\"true\"},"                                                                                                       \
    "\"TEAM_LEGACY_WRITE_BYPASS_ENABLED\":{\"value\":\"false\"}}"
#define DAEMON(name, live, asked, in_force)                                                                            \
    "{\"instance\":\"" name "\",\"host\":\"h\",\"pid\":1,\"live\":" live ",\"asked_since\":" asked                     \
    ",\"last_beat_age_seconds\":1,\"in_force\":" in_force "}"

static cJSON *known;
static cJSON *judged;

static int
setup(void **state)
{
    (void) state;
    known = cJSON_CreateObject();
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    cJSON_Delete(known);
    cJSON_Delete(judged);
    known = judged = NULL;
    return 0;
}

/* Whether all is confirmed, of a state with these daemons and batches. */
static bool
confirmed(enum rollback_word word, const char *daemons, const char *batches)
{
    char text[4096];
    struct rollback_wish wish;
    cJSON *state;

    snprintf(text, sizeof text, "{" FLAGS ",\"daemons\":[%s],\"batches\":[%s]}", daemons, batches);
    state = cJSON_Parse(text);
    assert_non_null(state);
    rollback_wish(&wish, word);
    cJSON_Delete(judged);
    judged = rollback_judge(state, NULL, NULL, &wish, known);
    cJSON_Delete(state);
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(judged, "confirmed"));
}

static const char *
of(int i, const char *key)
{
    const cJSON *daemons = cJSON_GetObjectItemCaseSensitive(judged, "daemons");

    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(daemons, i), key));
}

static void
test_what_each_word_sets(void **state)
{
    struct rollback_wish wish;

    (void) state;
    rollback_wish(&wish, ROLLBACK_DISABLE);
    assert_string_equal(wish.value[FLAG_ENABLED], "false");
    assert_null(wish.value[FLAG_STRICT]);
    assert_true(wish.quiet && wish.concerned[FLAG_ENABLED] && !wish.concerned[FLAG_BLOCKED]);
    rollback_wish(&wish, ROLLBACK_STRICT_OFF);
    assert_string_equal(wish.value[FLAG_STRICT], "false");
    assert_true(!wish.quiet && wish.value[FLAG_ENABLED] == NULL);
    rollback_wish(&wish, ROLLBACK_BLOCK_LEGACY);
    assert_string_equal(wish.value[FLAG_BLOCKED], "true");
    assert_string_equal(wish.value[FLAG_BYPASS], "false");
    assert_string_equal(wish.value[FLAG_ENABLED], "false");
}

static void
test_nobody_runs(void **state)
{
    (void) state;
    assert_true(confirmed(ROLLBACK_DISABLE, "", ""));
}

static void
test_a_daemon_confirms_by_what_it_obeys(void **state)
{
    (void) state;
    assert_false(confirmed(ROLLBACK_DISABLE, DAEMON("a", "true", "true", ON) "," DAEMON("b", "true", "true", OFF), ""));
    assert_string_equal(of(0, "verdict"), "waiting");
    assert_string_equal(of(1, "verdict"), "confirmed");
    assert_false(confirmed(ROLLBACK_DISABLE, DAEMON("a", "true", "true", "{}"), ""));
    assert_true(confirmed(ROLLBACK_DISABLE, DAEMON("a", "true", "false", OFF), ""));
}

static void
test_a_batch_must_have_ended_where_sync_stops(void **state)
{
    static const char batch[] = "{\"pid\":7,\"instance\":\"a\",\"seconds\":1.5}";

    (void) state;
    assert_false(confirmed(ROLLBACK_DISABLE, DAEMON("a", "true", "true", ON), batch));
    assert_non_null(strstr(of(0, "why"), "under way, for 1.5 s (server process 7)"));
    /* also one of nobody whom we know */
    assert_false(confirmed(ROLLBACK_BLOCK_LEGACY, "", batch));
    assert_false(confirmed(ROLLBACK_DISABLE, DAEMON("a", "true", "true", OFF), batch));
}

static void
test_one_that_falls_silent_has_not_confirmed(void **state)
{
    (void) state;
    assert_false(confirmed(ROLLBACK_DISABLE, DAEMON("a", "true", "false", ON), ""));
    assert_false(confirmed(ROLLBACK_DISABLE, DAEMON("a", "false", "false", ON), ""));
    assert_non_null(strstr(of(0, "why"), "does not beat"));
    assert_true(confirmed(ROLLBACK_DISABLE, "", ""));
    assert_string_equal(of(0, "verdict"), "gone");
}

static void
test_one_that_was_silent_before_is_not_waited_for(void **state)
{
    (void) state;
    assert_true(confirmed(ROLLBACK_DISABLE, DAEMON("a", "false", "false", ON), ""));
    assert_string_equal(of(0, "verdict"), "silent");
    /* but once it comes back */
    assert_false(confirmed(ROLLBACK_DISABLE, DAEMON("a", "true", "true", ON), ""));
}

static void
test_one_of_version_3_obeys_once_it_has_asked(void **state)
{
    (void) state;
    assert_false(confirmed(ROLLBACK_DISABLE, DAEMON("a", "true", "false", "null"), ""));
    assert_non_null(strstr(of(0, "why"), "cannot confirm"));
    assert_true(confirmed(ROLLBACK_DISABLE, DAEMON("a", "true", "true", "null"), ""));
    assert_string_equal(of(0, "verdict"), "asked");
}

static void
test_another_override_since_is_seen(void **state)
{
    struct rollback_wish wish;
    cJSON *now = cJSON_Parse(
        "{\"flags\":{\"TEAM_VNEXT_DUAL_WRITE_ENABLED\":{\"value\":\"true\"}},\"daemons\":[],\"batches\":[]}");

    (void) state;
    rollback_wish(&wish, ROLLBACK_DISABLE);
    judged = rollback_judge(now, NULL, NULL, &wish, known);
    assert_true(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(judged, "confirmed")));
    assert_true(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(judged, "database")));
    cJSON_Delete(now);
}

/* What the legacy side must say: {word, its document, why it has none, confirmed}. */
static void
test_the_legacy_database(void **state)
{
    static const struct {
        enum rollback_word word;
        const char *legacy;
        const char *why;
        bool good;
    } cases[] = {
        {ROLLBACK_BLOCK_LEGACY, "{" FLAGS ",\"batches\":0}", NULL, true},
        {ROLLBACK_BLOCK_LEGACY, "{\"flags\":{},\"batches\":0}", NULL, false},
        {ROLLBACK_BLOCK_LEGACY, NULL, "refused", false},
        {ROLLBACK_BLOCK_LEGACY, "{" FLAGS ",\"batches\":1}", NULL, false},
        {ROLLBACK_DISABLE, "{\"flags\":{},\"batches\":0}", NULL, true}, /* its guard does not ask for that flag */
        {ROLLBACK_DISABLE, "{" FLAGS ",\"batches\":1}", NULL, false},
        {ROLLBACK_DISABLE, NULL, "refused", true},
    };
    cJSON *now = cJSON_Parse("{" FLAGS ",\"daemons\":[],\"batches\":[]}");

    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cJSON *legacy = cases[i].legacy == NULL ? NULL : cJSON_Parse(cases[i].legacy);
        struct rollback_wish wish;

        rollback_wish(&wish, cases[i].word);
        cJSON_Delete(judged);
        judged = rollback_judge(now, legacy, cases[i].why, &wish, known);
        assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(judged, "confirmed")), cases[i].good);
        assert_int_equal(cJSON_IsString(cJSON_GetObjectItemCaseSensitive(judged, "legacy")),
                         !cases[i].good || cases[i].why != NULL);
        cJSON_Delete(legacy);
    }
    cJSON_Delete(now);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_each_word_sets),
        TEST(test_nobody_runs),
        TEST(test_a_daemon_confirms_by_what_it_obeys),
        TEST(test_a_batch_must_have_ended_where_sync_stops),
        TEST(test_one_that_falls_silent_has_not_confirmed),
        TEST(test_one_that_was_silent_before_is_not_waited_for),
        TEST(test_one_of_version_3_obeys_once_it_has_asked),
        TEST(test_another_override_since_is_seen),
        TEST(test_the_legacy_database),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
