"""What happens to connections: ended by the server, reset, delayed, half-closed, black-holed; each kind by itself, and all."""

import contextlib
import time

import pytest

from conftest import assert_in_step, install, wait_until
from fault.network import Network
from fault.scene import Pod

pytestmark = pytest.mark.layouts("one", "two")

KINDS = {"one": ("listen", "apply"), "two": ("listen", "claim", "apply", "mirror")}


@contextlib.contextmanager
def networks(db):
    """A network before each database, and the settings of daemons behind it."""
    with contextlib.ExitStack() as stack:
        nets = [stack.enter_context(Network(side.cluster.port)) for side in db.sides]
        keys = ("DUALWRITE_DATABASE_URL", "DUALWRITE_LEGACY_DATABASE_URL")
        yield nets, {key: net.url(side) for key, net, side in zip(keys, nets, db.sides)}


def kinds(layout):
    """The application_names of a daemon's connections."""
    return [f"dualwrited/{kind}" for kind in KINDS[layout]]


def test_the_kinds_are_all_there_are(scene, layout):
    with scene(daemons=1) as s:
        wait_until(lambda: {name for _, name, _ in s.sessions()} == set(kinds(layout)))


@pytest.mark.quick
def test_backends_terminated_at_any_moment(scene, layout):
    """pg_terminate_backend of each kind of connection in turn, one or all of them, in the middle of whatever they do."""
    with scene(daemons=2, again=True) as s:
        for _ in range(s.times(2, 6)):
            for kind in s.chance.sample(KINDS[layout], len(KINDS[layout])):
                s.moment()
                sessions = wait_until(lambda: s.sessions(kind))
                if s.chance.random() < 0.5:
                    sessions = [s.chance.choice(sessions)]
                for side, _, pid in sessions:
                    side.execute("SELECT pg_terminate_backend(%s)", [pid])
        s.work()


@pytest.mark.quick
def test_statements_cancelled_at_any_moment(scene):
    """pg_cancel_backend, as an impatient administrator does it, or a pooler."""
    with scene(daemons=2, again=True) as s:
        for _ in range(s.times(10, 60)):
            time.sleep(s.chance.uniform(0, 0.2))
            for side, _, pid in s.sessions():
                side.execute("SELECT pg_cancel_backend(%s)", [pid])
        s.work()


def impatient(db, milliseconds):
    """Every statement of a new session of the daemons is cancelled after so long; 0 ends it."""
    for side in db.sides:
        side.execute(f'ALTER ROLE daemon_login IN DATABASE "{side.name}" SET statement_timeout = {milliseconds}')


@pytest.mark.quick
@pytest.mark.parametrize("when", ["at the start", "later"])
def test_a_preflight_that_is_cancelled_half_way_is_repeated_on_new_connections(db, when):
    """Neither session stays in the transaction that failed, and what was cancelled is no fault of the mapping."""
    install(db)
    if when == "at the start":
        impatient(db, 1)
    with Pod(db, ready=when == "later") as daemon:
        if when == "later":
            daemon.wait_for("dual_write_completed", team_id=db.new_team("before"))
            impatient(db, 1)
            for side in db.sides:
                side.execute("""SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                                WHERE application_name LIKE 'dualwrited/%' AND datname = current_database()""")
        team = db.new_team("meanwhile")
        time.sleep(2)
        assert daemon.lines("dual_write_completed", team_id=team) == [] and daemon.lines("config_fault") == []
        impatient(db, 0)
        # what was cancelled there is not what this is about; a session keeps what it was given at its start
        db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dualwrited/listen'")
        daemon.wait_for("dual_write_completed", team_id=team, timeout=15)
        assert_in_step(db)


def breaks(net, chance, names):
    """Breaks a connection of one of these kinds, or of all: drop, or half-close from either end."""
    kind = chance.choice([*names, None])
    how = chance.choice((net.drop, net.half_close, lambda kind: net.half_close(kind, server=True)))
    how(kind)


@pytest.mark.quick
def test_connections_reset_and_half_closed_at_any_moment(scene, db, layout):
    with networks(db) as (nets, settings):
        with scene(daemons=2, again=True, **settings) as s:
            for _ in range(s.times(8, 40)):
                s.moment()
                breaks(s.chance.choice(nets), s.chance, kinds(layout))
            s.work()


@pytest.mark.quick
def test_a_network_that_is_slow(scene, db, layout):
    """Each piece comes late by up to a quarter of a second, in both directions, now more, now less."""
    with networks(db) as (nets, settings):
        with scene(daemons=2, again=True, settle=120, stretch=0, **settings) as s:
            for _ in range(s.times(4, 20)):
                for net in nets:
                    net.delay = s.chance.uniform(0, 0.25)
                s.moment(2)
            for net in nets:
                net.heal()
            s.work()


@pytest.mark.quick
def test_a_network_that_is_away_for_a_while(scene, db):
    """Connections are reset and new ones refused, on either side or both; writers do not notice."""
    with networks(db) as (nets, settings):
        with scene(daemons=2, again=True, **settings) as s:
            for _ in range(s.times(1, 4)):
                s.moment()
                away = s.chance.choice([nets, [s.chance.choice(nets)]])
                for net in away:
                    net.refuse = True
                    net.drop()
                s.moment(s.times(3, 15))
                for net in away:
                    net.heal()
                s.work()


@pytest.mark.parametrize("which", ["listen", "apply"])
def test_one_connection_of_one_daemon_falls_into_a_black_hole(scene, db, which):
    """Nothing arrives any more and nobody says so, in the middle of whatever was under way. Within 15 s all that waits is worked on
    by somebody, although that daemon still lives and its other connections work; and when the network is back, what was under
    way overwrites nothing."""
    black_hole(scene, db, which)


@pytest.mark.layouts("two", reason="the connections that only this layout has")
@pytest.mark.parametrize("which", ["claim", "mirror"])
def test_one_further_connection_falls_into_a_black_hole(scene, db, which):
    black_hole(scene, db, which)


def black_hole(scene, db, which):
    with networks(db) as (nets, settings):
        with scene(daemons=1, again=True) as s:
            victim = s.add(**settings)
            s.work(50)
            s.moment()
            for net in nets:
                net.hole(f"dualwrited/{which}")
            holed = time.monotonic()
            s.moment(1)
            seen = fresh(s, holed)
            for net in nets:
                net.heal()
            s.work()
            assert victim.process.poll() is None
            assert seen < 15, f"after {seen:.1f} s"


def fresh(s, since):
    """Seconds from `since` until everything that was written by now is done."""
    last = s.db.value("SELECT max(id) FROM dualwrite.outbox") or 0
    wait_until(lambda: s.db.value("SELECT count(*) FROM dualwrite.outbox WHERE id <= %s", [last]) == 0, 150,
               what="what waited is done")
    return time.monotonic() - since


@pytest.mark.quick
def test_all_connections_of_one_daemon_fall_into_a_black_hole(scene, db):
    """It is cut off without a word, as when its host loses its network. Its peers take over within 15 s."""
    with networks(db) as (nets, settings):
        with scene(daemons=2, again=True) as s:
            s.add(**settings)
            s.work(50)
            s.moment()
            for net in nets:
                net.hole()
                net.swallow = True
            holed = time.monotonic()
            s.moment(1)
            seen = fresh(s, holed)
            s.moment(s.times(1, 20))
            for net in nets:
                net.heal()
            s.work()
            assert seen < 15, f"after {seen:.1f} s"


def test_the_legacy_side_falls_into_a_black_hole_for_all(scene, servers):
    """The vNext side goes on, and writers do not notice; when the network is back everything arrives."""
    with networks(servers) as (nets, settings):
        with scene(daemons=2, again=True, db=servers, **settings) as s:
            nets[1].hole()
            nets[1].swallow = True
            s.moment(s.times(3, 40))
            nets[1].heal()
            s.work(timeout=60)
