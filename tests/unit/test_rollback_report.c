/* test_rollback_report.c - the checklist after a rollback is ticked by what was found, and the notification has no gap. */
/* links: lib/core/rollback_report.c lib/core/shown.c lib/core/flags.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "dualwrite/rollback_report.h"

static const char good_state[] =
    "{\"flags\":{\"TEAM_VNEXT_DUAL_WRITE_ENABLED\":{\"value\":\"false\",\"source\":\"override\"},"
    "\"TEAM_VNEXT_DUAL_WRITE_STRICT_MODE\":{\"value\":\"true\",\"source\":\"daemons\"},"
    "\"TEAM_LEGACY_WRITE_BLOCKED\":{\"value\":\"true\",\"source\":\"daemons\"}},"
    "\"batches\":[],\"read_only\":false}";
static const char good_evidence[] = "{\"failed\":3,\"failed_since\":0,\"triggers\":8,\"outbox_room\":1000,"
                                    "\"blocked_sessions\":0,\"backlog_estimate\":12}";
static const char good_judgement[] = "{\"confirmed\":true,\"database\":true,\"daemons\":[{\"host\":\"a\",\"pid\":1,"
                                     "\"verdict\":\"confirmed\"},{\"host\":\"b\",\"pid\":2,\"verdict\":\"silent\"}]}";

static struct rollback_facts
facts_of(const char *state, const char *evidence, const char *judgement)
{
    return (struct rollback_facts){.command = "rollback disable",
                                   .action = "Disabled dual write",
                                   .reason = "slow\n## not a title",
                                   .who = "ann",
                                   .environment = "staging",
                                   .at = "2026-01-25 18:00 UTC",
                                   .state = cJSON_Parse(state),
                                   .evidence = evidence == NULL ? NULL : cJSON_Parse(evidence),
                                   .judgement = judgement == NULL ? NULL : cJSON_Parse(judgement),
                                   .seconds = 0.44,
                                   .stopped = true};
}

static void
free_facts(struct rollback_facts *f)
{
    cJSON_Delete((cJSON *) f->state);
    cJSON_Delete((cJSON *) f->evidence);
    cJSON_Delete((cJSON *) f->judgement);
}

/* The marks in order, a letter each: o ok, f failed, p open. */
static void
must_be(const char *marks, const char *state, const char *evidence, const char *judgement)
{
    struct rollback_facts f = facts_of(state, evidence, judgement);
    cJSON *list = rollback_checklist(&f);
    char found[16] = "";
    const cJSON *entry;
    size_t n = 0;

    cJSON_ArrayForEach(entry, list)
    {
        const char *mark = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "mark"));

        found[n++] = strcmp(mark, "open") == 0 ? 'p' : mark[0];
    }
    assert_string_equal(found, marks);
    cJSON_Delete(list);
    free_facts(&f);
}

static void
test_ticks_follow_the_evidence(void **state)
{
    (void) state;
    must_be("oooooopp", good_state, good_evidence, good_judgement);
    must_be("oooooopp", good_state, good_evidence, NULL);
    must_be("ooofffpp", good_state, NULL, good_judgement);
    must_be(
        "ffoooopp", good_state, good_evidence,
        "{\"confirmed\":false,\"database\":false,\"daemons\":[{\"host\":\"a\",\"pid\":1,\"verdict\":\"waiting\"}]}");
    must_be("oofooopp", "{\"flags\":{\"TEAM_VNEXT_DUAL_WRITE_ENABLED\":{\"value\":\"true\"}},\"batches\":[]}",
            good_evidence, good_judgement);
    must_be("oofooopp", "{\"flags\":{},\"batches\":[{}]}", good_evidence, good_judgement);
    must_be("oooffopp", good_state, "{\"failed\":1,\"failed_since\":1,\"triggers\":0}", good_judgement);
    must_be("oooofopp", good_state, "{\"failed\":1,\"failed_since\":1,\"triggers\":8}", good_judgement);
    must_be("ooooofpp", good_state, "{\"failed_since\":0,\"triggers\":8,\"blocked_sessions\":2}", good_judgement);
}

static void
test_the_notification(void **state)
{
    static const char *const lines[] = {
        "**Date:** 2026-01-25 18:00 UTC\n",
        "**Environment:** staging\n",
        "**Action Taken:** Disabled dual write (`dualwrited rollback disable`, 0.4 s)\n",
        "\nslow\\n## not a title\n",
        "about 12 changes wait",
        ("- TEAM_VNEXT_DUAL_WRITE_ENABLED: false\n- TEAM_VNEXT_DUAL_WRITE_STRICT_MODE: true\n- "
         "TEAM_LEGACY_WRITE_BLOCKED: true\n"),
        "**Done by:** ann\n",
        "**Incident Ticket:** none was named\n",
    };
    struct rollback_facts f = facts_of(good_state, good_evidence, good_judgement);
    struct buf out = {0};

    (void) state;
    rollback_notice(&out, &f);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_non_null(strstr(buf_text(&out), lines[i]));
    assert_null(strstr(buf_text(&out), "NOT confirmed"));
    assert_null(strchr(buf_text(&out), '['));
    buf_free(&out);
    free_facts(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ticks_follow_the_evidence),
        cmocka_unit_test(test_the_notification),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
