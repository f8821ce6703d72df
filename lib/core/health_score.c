/* health_score.c - one number for what was found; see dualwrite/health_score.h. */
#include "dualwrite/health_score.h"

int
health_score(const struct pack_scoring *scoring, int64_t issues, int64_t weights, int64_t skipped)
{
    int64_t score = 100;
    int64_t off = scoring->per_issue == 0 ? 0 : scoring->most;

    /* multiplied only where it cannot overflow */
    if (scoring->per_issue > 0 && issues <= scoring->most / scoring->per_issue)
        off = issues * scoring->per_issue;
    score -= off + (weights > 100 ? 100 : weights);
    if (skipped > 0 && score >= HEALTH_HEALTHY)
        score = HEALTH_HEALTHY - 1;
    return score < 0 ? 0 : (int) score;
}

enum health_status
health_status(int score)
{
    return score >= HEALTH_HEALTHY    ? HEALTH_IS_HEALTHY
           : score >= HEALTH_DEGRADED ? HEALTH_IS_DEGRADED
                                      : HEALTH_IS_CRITICAL;
}

const char *
health_status_word(enum health_status s)
{
    static const char *const words[] = {"healthy", "degraded", "critical"};

    return words[s];
}

bool
soak_add(struct soak *s, double age_s, int score)
{
    if (s->gap || s->low)
        return false;
    if (age_s < 0) /* kept by a clock that was ahead */
        age_s = 0;
    /* the newest one counts as of now, so a timer that stopped is a gap too */
    if (age_s - s->held_s > s->longest_s) {
        s->gap = true;
        return false;
    }
    if (score < HEALTH_HEALTHY) {
        s->low = true;
        return false;
    }
    s->held_s = age_s;
    s->lowest = s->runs == 0 || score < s->lowest ? score : s->lowest;
    s->runs++;
    return true;
}

bool
soak_held(const struct soak *s)
{
    return s->runs > 0 && s->held_s >= s->wanted_s;
}
