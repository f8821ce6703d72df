"""Fixtures of the fault suite: those of the integration tests, a seed, and `scene`.

    SEED=123 make check-fault TESTS='-k killed'     the same again: writers, moments and choices come from the seed
    QUICK=1 make check-fault                        only what is marked quick, shorter, and each in one of its layouts, drawn
                                                    from the seed: the part of `make check`
"""

import os
import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))
pytest.register_assert_rewrite("conftest", "helpers", "proxy", "fault.scene", "fault.writers", "fault.network")

import conftest as integration  # noqa: E402
from conftest import (  # noqa: E402,F401
    cluster, db, layout, legacy_cluster, own_cluster, pytest_generate_tests, _second_cluster,
)
from fault.scene import Scene  # noqa: E402


def pytest_addoption(parser):
    integration.pytest_addoption(parser)
    parser.addoption("--quick", action="store_true", help="the tests marked quick, in their short form")


def pytest_configure(config):
    integration.pytest_configure(config)
    config.addinivalue_line("markers", "quick: a part of `make check` too")
    os.environ.setdefault("SEED", str(random.SystemRandom().randrange(10**9)))  # workers inherit it
    if config.getoption("--quick") and not config.getoption("-m"):
        config.option.markexpr = "quick"


def pytest_collection_modifyitems(config, items):
    integration.pytest_collection_modifyitems(config, items)
    if not config.getoption("--quick") or config.getoption("--layout"):
        return
    twins = {}
    for item in items:
        params = {key: value for key, value in getattr(item, "callspec").params.items() if key != "layout"}
        twins.setdefault(f"{item.nodeid.split('[')[0]} {sorted(params.items())}", []).append(item)
    kept = {random.Random(f"{os.environ['SEED']} {name}").choice(layouts) for name, layouts in twins.items()}
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    report = (yield).get_result()
    if report.failed:
        again = f"SEED={os.environ['SEED']} {'QUICK=1 ' if item.config.getoption('--quick') else ''}make check-fault"
        report.sections.append(("to see it again", f"{again} TESTS='-k \"{item.originalname} and {item.callspec.params['layout']}\"'"))


@pytest.fixture
def quick(request):
    return request.config.getoption("--quick")


@pytest.fixture
def chance(request):
    """The test's own random numbers: they depend on the seed and its name, not on what ran before."""
    return random.Random(f"{os.environ['SEED']} {request.node.name}")


@pytest.fixture
def scene(db, chance, quick):
    """scene(daemons=2, ...) -> a Scene on a fresh database; see scene.py."""
    return lambda *args, db=db, **more: Scene(db, chance, quick, *args, **more)


@pytest.fixture
def servers(cluster, legacy_cluster):
    """Databases of layout two on two servers, each of which may go by itself."""
    database = cluster.create_db(layout="two", legacy_cluster=legacy_cluster)
    yield database
    database.drop()
