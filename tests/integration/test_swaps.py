"""Values that only one legacy row may have, and rows that want each other's: in one batch, in several, by several daemons."""

import random

import pytest

from conftest import Daemon, assert_in_step, install, wait_until
from helpers import (
    LEGACY_TEAM, TEAM, all_asleep, completed, drained, failed, legacy_team, shadow_of,
)

pytestmark = pytest.mark.layouts("one", "two")

HEALS = 30


def team_named(db, *slugs):
    return [db.new_team(f"team {slug}", slug=slug) for slug in slugs]


def give(db, slugs):
    """{team: slug} in one transaction, by way of values that nobody has: vNext has the same unique constraint."""
    with db.connect("app_user") as conn:
        for team in slugs:
            conn.execute(f"UPDATE {TEAM} SET slug = 'tmp-' || id WHERE id = %s", [team])
        for team, slug in slugs.items():
            conn.execute(f"UPDATE {TEAM} SET slug = %s, updated_at = now() WHERE id = %s", [slug, team])
        conn.commit()
        conn.close()


def slugs(db, teams):
    return [legacy_team(db, team, "slug") for team in teams]


def in_peace(db, timeout=HEALS):
    """Everything is applied and nothing failed for good."""
    drained(db, timeout)
    wait_until(lambda: failed(db) == {}, timeout, "nothing waits to be tried again")
    assert_in_step(db, 0)


def lines_of_failures(*daemons):
    return [line for daemon in daemons for line in daemon.lines("dual_write_failed")]


# ---- in one batch ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [(1, 0), (1, 2, 0), (1, 0, 3, 4, 2)], ids=["swap", "rotation", "both"])
def test_rows_that_want_each_others_values_are_written_together(db, order):
    install(db)
    with Daemon(db) as daemon:
        names = [f"slug-{n}" for n in range(len(order))]
        teams = team_named(db, *names)
        completed(daemon, len(teams))
        give(db, {team: names[n] for team, n in zip(teams, order)})
        in_peace(db, 10)
        assert slugs(db, teams) == [names[n] for n in order]
        assert lines_of_failures(daemon) == []
