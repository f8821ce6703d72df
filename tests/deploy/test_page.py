"""The page at / in headless Chromium: on planted /status documents, and on a real daemon. Pictures of what was seen go to
build/deploy/page/.

What can be said of the file without a browser is in tests/unit/check_page.sh.
"""

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
for folder in (HERE, HERE.parent / "integration"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

import page_samples as samples  # noqa: E402
from browser import CHROMIUM, Browser  # noqa: E402
from page_server import Server  # noqa: E402

from conftest import Daemon, install, wait_until  # noqa: E402
from helpers import ENABLED, rollback  # noqa: E402

TOP = HERE.parents[1]
PICTURES = TOP / "build" / "deploy" / "page"

# the accessibility checker is no package of Debian's: this version of it, from npm's registry
AXE = "axe-core-4.10.3"
AXE_SHA512 = "Xm7bpRXnDSX2YE2YFfBk2FnF0ep6tmG7xPh8iHee8MIcrgq762Nkce856dYtJYLkuIoYZvGfTs/PbZhideTcEg=="

ANSWERED = "document.querySelector('#all:not([hidden]) .figures dd') !== null"
MODES = {"light": False, "dark": True}


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("chromium is missing: Debian package chromium ('make deps-deploy' installs it)")
    with Browser() as running:
        yield running


@pytest.fixture(scope="module")
def axe():
    """The checker's source, from build/npm or the registry."""
    package = TOP / "build" / "npm" / f"{AXE}.tgz"
    if not package.exists():
        if not shutil.which("npm"):
            pytest.skip("npm is missing, and build/npm has no axe-core: Debian package npm ('make deps-deploy' installs it)")
        package.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["npm", "pack", "--silent", AXE.replace("core-", "core@")], cwd=package.parent, capture_output=True,
                              text=True, timeout=120)
        if done.returncode:
            pytest.skip(f"npm's registry cannot be reached: {done.stderr.strip()[-300:]}")
    digest = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    assert digest == AXE_SHA512, f"{package} is not the {AXE} that was pinned: {digest}"
    with tarfile.open(package) as tar:
        return tar.extractfile("package/axe.min.js").read().decode()


class Shown:
    """The page on one document, answered."""

    def __init__(self, browser, document, **more):
        self.server = Server(document)
        self.page = browser.page(**more)

    def __enter__(self):
        self.server.__enter__()
        self.page.__enter__()
        self.page.open(self.server.url)
        self.page.wait_for(ANSWERED)
        return self

    def __exit__(self, *_):
        self.page.__exit__()
        self.server.__exit__()

    def js(self, expression):
        return self.page.evaluate(expression)

    def texts(self, selector):
        return self.js(f"[...document.querySelectorAll({json.dumps(selector)})].map(e => e.textContent.trim())")

    def todo(self):
        """[(level, sentence, command)] under "What to do"."""
        return [tuple(row) for row in self.js(
            "[...document.querySelectorAll('#todo li')].map(li => [li.className, li.children[1].textContent, "
            "li.querySelector('.command')?.textContent ?? ''])")]

    def table(self, section):
        """The rows of a section's table, each {column: text}, without what only screen readers get."""
        return self.js(f"""(() => {{
            const table = document.querySelector('#{section} table'), clean = (e) => {{
                const c = e.cloneNode(true); c.querySelectorAll('.sr').forEach(s => s.remove()); return c.textContent.trim(); }};
            const names = [...table.tHead.rows[0].cells].map(c => c.textContent);
            return [...table.tBodies[0].rows].map(r => Object.fromEntries([...r.cells].map((c, i) => [names[i], clean(c)])));
        }})()""")

    def picture(self, name):
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(PICTURES / f"{name}.png")


@pytest.fixture
def show(browser):
    """show(document, width=..., dark=...) as a context manager; whatever it said on its console fails the test."""
    class Checked(Shown):
        quiet = True

        def __exit__(self, kind, *rest):
            complaints, requests, url = list(self.page.complaints), list(self.page.requests), self.server.url
            super().__exit__(kind, *rest)
            if kind is None:
                assert not self.quiet or complaints == []
                strange = {r for r in requests if r not in (url, f"{url}status") and not r.startswith("data:image/svg")}
                assert not strange and set(self.server.asked) <= {"/", "/status"}, (strange, self.server.asked)

    return lambda document, **more: Checked(browser, document, **more)


# ---- what is shown -----------------------------------------------------------------------------------------------------


def test_the_first_screen_says_whether_it_is_well(show):
    with show(samples.well()) as p:
        assert p.texts("#verdict h2") == ["In step"]
        assert "Nothing waits, nothing failed" in p.js("document.getElementById('verdict').innerText")
        assert p.todo() == [("", "Nothing.", "")]
        assert p.js("document.title").startswith("✓ In step – web-1")
        assert p.js("document.getElementById('h-charts').getBoundingClientRect().top < 800"), "figures and work are above the fold"
        figures = dict(zip(p.texts("#figures dt"), p.texts("#figures .value")))
        assert figures["Waiting"] == "0" and figures["Lag, median"] == "36 ms" and figures["Integrity"] == "96", figures
        assert figures["Completed, last minute"] == str(sum(s["completed"] for s in p.server.document["history"]["samples"][-6:]))
    with show(samples.off()) as p:
        assert p.texts("#verdict h2") == ["Dual write is off"]
        assert ("note", "An override keeps dual write off, whatever files say",
                "dualwrited rollback resume --flag=TEAM_VNEXT_DUAL_WRITE_ENABLED") in p.todo()


def test_what_is_wrong_comes_first_with_a_command(show):
    doc = samples.failing()
    with show(doc) as p:
        assert p.texts("#verdict h2") == ["Not ready"]
        todo = p.todo()
        assert [level for level, *_ in todo] == sorted((level for level, *_ in todo), key=["bad", "look", "note"].index)
        assert todo[0][1].lower() == doc["reasons"][0]
        said = {text: command for _, text, command in todo}
        assert said["Daemons disagree on strict mode: on holds"] == "dualwrited flags"
        assert said["An override keeps bypass on, whatever files say"].endswith("--flag=TEAM_LEGACY_WRITE_BYPASS_ENABLED")
        assert said["1\u202f312\u00a0events are parked: not tried again until the row changes, or you say so"] == "dualwrited failed list --parked"
        assert said["Integrity of teams: critical, 23\u00a0issues"] == "dualwrited validate --pack=teams"
        assert said["Changes are not captured: team INSERT, team UPDATE, team DELETE, team TRUNCATE. The trigger is missing or switched off"] \
            == "dualwrited install"
        assert any("pid 4737, has not beaten for 9.3 s" in text for text in said)
        for command in filter(None, said.values()):
            word = command.split()[1]
            assert word in ("check", "failed", "flags", "install", "rollback", "status", "validate"), command
        flags = {row["Flag"]: row for row in p.table("flags")}
        assert flags["BypassTEAM_LEGACY_WRITE_BYPASS_ENABLED"]["From"] == "override"
        assert flags["Strict modeTEAM_VNEXT_DUAL_WRITE_STRICT_MODE"]["From"] == "daemons daemons disagree"
        assert "apply: down" in p.texts("#self li")


def test_failures_come_with_the_command_to_run(show):
    doc = samples.failing()
    with show(doc) as p:
        found = p.table("failures")
        assert [row["Parked"] for row in found] == ["1\u202f310", "0", "2"]
        assert found[2]["Operation and reason"] == "sync_team_createdunique_violation of teams_team_slug_key"
        assert found[2]["Look at them with"] == ("dualwrited failed list --operation=sync_team_created --sqlstate=unique_violation "
                                                 "--constraint=teams_team_slug_key")
        assert (found[2]["First"], found[2]["Last"]) == ("4\u00a0h\u00a012\u00a0min\u00a0ago", "7\u00a0min\u00a0ago")
        last = p.js("(t => [t.title, t.dateTime, t.textContent])(document.querySelector('#failures tbody tr:nth-child(3) td:nth-child(5) time'))")
        assert last[0] == "2026-03-14 01:59:51 UTC" and last[1].startswith("2026-03-14T01:59:51") and "01:59:51 UTC" in last[2]


def test_daemons_and_who_holds_what(show):
    with show(samples.failing()) as p:
        found = p.table("daemons")
        assert [row["Daemon"].split("pid")[0] for row in found] == ["web-1 this one", "web-3", "web-2", "web-4"], "this one, then the late one"
        assert [row["Partitions"] for row in found] == ["0–3", "8–11", "4, 5, 7", "12–15"]
        assert "Nobody has: 6." in p.js("document.getElementById('daemons').textContent")
        assert p.texts("#daemons tr.mine .tag") == ["this one"]


def test_recent_events_and_health(show):
    doc = samples.healthy()
    with show(doc) as p:
        found = p.table("recent")
        assert len(found) == 12 and found[0]["Event"] == "918204" and found[0]["Outcome"] == "completed"
        p.js("document.querySelector('#recent button').click()")
        found = p.table("recent")
        assert len(found) == 50
        assert found[17]["Outcome"] == "parked, attempt 3unique_violation" and found[16]["Outcome"] == "failedlock_not_available"
        assert p.texts("#health .score") == ["96", "74"]
        labels = p.js("[...document.querySelectorAll('#health .pack > svg')].map(s => s.getAttribute('aria-label'))")
        assert labels == ["Score up from 84 to 96 over 12 runs, lowest 84", "Score down from 97 to 74 over 8 runs, lowest 74"]


# ---- charts --------------------------------------------------------------------------------------------------------------


def test_charts_show_what_the_document_says(show):
    doc = samples.healthy()
    history = doc["history"]["samples"]
    history[40].update(completed=0, lag_p50_seconds=None, lag_max_seconds=None)
    with show(doc) as p:
        # as they are drawn: one bar for each sample that is not zero, as high as it is many
        bars = p.js("[...document.querySelectorAll('#c-work .plot rect.done')].map(r => +r.getAttribute('height'))")
        many = [s["completed"] for s in history if s["completed"] > 0]
        assert len(bars) == len(many)
        scale = max(bars) / max(many)
        assert all(abs(bar - max(1.5, n * scale)) < 0.02 for bar, n in zip(bars, many))
        assert len(p.js("[...document.querySelectorAll('#c-work .plot rect.failed')].map(r => r.outerHTML)")) == sum(s["failed"] > 0 for s in history)
        # the lines: a point for each value, and a gap where there is none
        lines = p.js("[...document.querySelectorAll('#c-lag .plot path.line')].map(e => e.getAttribute('d'))")
        for path, key in zip(lines, ("lag_max_seconds", "lag_p50_seconds")):
            points = re.findall(r"([ML])([\d.]+) ([\d.]+)", path)
            values = [s[key] for s in history if s[key] is not None]
            assert len(points) == len(values) and sum(kind == "M" for kind, *_ in points) == 2, path
            heights = [100 - float(y) for *_, y in points]
            top = 5.0  # the axis: 1, 2 or 5 times a power of ten
            assert all(abs(height - 100 * value / top) < 0.06 for height, value in zip(heights, values))
        # what the pointer finds
        titles = p.texts("#c-work rect.hit title")
        assert len(titles) == len(history)
        assert titles[-1] == f"Time, UTC {history[-1]['at'][11:19]}, Completed {history[-1]['completed']}, Failed {history[-1]['failed']}"
        # what is read out, and the tables
        summary = p.texts("#c-work figcaption p")[0]
        total = f"{sum(s['completed'] for s in history):,}".replace(",", "\u202f")
        assert summary.startswith(f"{total}\u00a0events completed, {sum(s['failed'] for s in history)}\u00a0attempts failed")
        assert summary in p.js("document.querySelector('#c-work .plot svg').getAttribute('aria-label')")
        p.js("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        p.page.wait_for("document.querySelectorAll('details table').length === 3")
        for chart, columns in (("work", ("completed", "failed")), ("wait", ("backlog",))):
            rows = p.table(f"c-{chart}")
            assert [list(row.values()) for row in rows] == [
                [s["at"][11:19], *(str(s[c]) for c in columns)] for s in reversed(history)]
        rows = p.table("c-lag")
        assert rows[119 - 40]["Median"] == "–" and len(rows) == 120


def test_a_missing_sample_leaves_a_gap_in_time(show):
    doc = samples.healthy()
    history = doc["history"]["samples"]
    del history[:100]
    del history[5:10]  # it was stopped for a while
    with show(doc) as p:
        xs = p.js("[...document.querySelectorAll('#c-work rect.hit')].map(r => Math.round(r.getAttribute('x') * 120 / 1000))")
        assert xs == [*range(100, 105), *range(110, 120)]
        assert p.texts("#h-charts") == ["The last 3\u00a0min\u00a020\u00a0s"]


# ---- whatever comes --------------------------------------------------------------------------------------------------------


def test_hostile_words_are_only_words(show):
    doc = samples.hostile()
    with show(doc) as p:
        assert p.js("window.hacked") is None
        tags = p.js("[...new Set([...document.querySelectorAll('body *')].map(e => e.localName))]")
        assert not {"img", "iframe", "object", "b:script"} & set(tags) and p.js("document.scripts.length") == 1
        assert p.js("[...document.querySelectorAll('*')].every(e => [...e.attributes].every(a => !a.name.startsWith('on')))")
        assert p.js("[...document.links].map(a => a.getAttribute('href'))") == ["status", "metrics"]
        text = p.js("document.body.textContent")
        for word in samples.HOSTILE:
            seen = re.sub("[\u0000-\u001f\u200e\u200f\u2028-\u202e\u2066-\u2069]", "\ufffd", word)
            assert seen in text, word
        assert not re.search("[\u0000-\u0009\u001b\u202a-\u202e\u2066-\u2069]", text)
        # what is to be pasted into a shell means what it says there
        for row in p.table("failures"):
            command = row["Look at them with"]
            asked = subprocess.run(["sh", "-c", f"dualwrited() {{ printf '%s\\n' \"$@\"; }}; {command}"], capture_output=True, text=True,
                                   timeout=10).stdout.splitlines()
            assert asked[:2] == ["failed", "list"], command
            assert all(a.split("=", 1)[0] in ("--operation", "--sqlstate", "--constraint") for a in asked[2:]), asked
            assert len(asked) in (2, 5) and all(a.split("=", 1)[1] in samples.HOSTILE for a in asked[2:]), asked


@pytest.mark.parametrize("name", ["no_database", "huge", "wrong", "empty", "healthy", "failing", "hostile"])
def test_any_document_is_shown_on_any_screen(show, name):
    """No error, no sideways scroll at any width, nothing that says undefined, NaN or [object Object]."""
    with show(samples.ALL[name](), width=320, height=640) as p:
        p.js("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        for width in (320, 360, 700, 900, 1280):
            p.page.resize(width)
            assert p.js("document.documentElement.scrollWidth") <= width, f"{name} scrolls sideways at {width}: {_widest(p)}"
            if width in (360, 1280):
                p.picture(f"{name}-{width}")
        text = p.js("document.body.textContent.replace(document.scripts[0].textContent, '')")
        assert not re.search(r"undefined|NaN|\[object|Infinity|\bnull\b", text)
        if name in ("wrong", "empty"):
            assert p.texts("#figures .value") == ["–"] * 6 if name == "empty" else p.texts("#figures .value").count("–") >= 5
            assert p.texts("#verdict h2") == ["It does not say whether it is ready"] or name == "wrong"
        if name == "no_database":
            assert "Not known: no look at the database yet." in p.texts("#health")
        if name == "huge":
            assert len(p.table("daemons")) == 12 and p.texts("#daemons button") == ["Show all 100 daemons"]
            p.js("document.querySelector('#daemons button').click()")
            rows = p.table("daemons")
            assert len(rows) == 100 and rows[0]["Partitions"].startswith("42, 142, 242")


def _widest(p):
    return p.js("[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
                ".slice(0, 5).map(e => e.outerHTML.slice(0, 120))")


# ---- asking again ----------------------------------------------------------------------------------------------------------


def test_it_asks_again_by_itself_and_says_how_old_the_answer_is(show):
    doc = samples.well()
    with show(doc) as p:
        p.page.wait_for("/Last answer\\s+[01]\\s+s\\sago/.test(document.getElementById('answer').textContent)")
        p.js("""(() => { const r = document.createRange(); r.selectNodeContents(document.querySelector('#flags tbody th'));
            getSelection().addRange(r); document.querySelector('details summary').focus(); window.live = 0;
            new MutationObserver(() => { window.live++; }).observe(document.getElementById('live'), {childList: true, characterData: true, subtree: true});
        })()""")
        asked = len(p.server.asked)
        later = samples.well()
        later["counters"]["completed"] += 1
        p.server.document = later
        p.page.wait_for("document.getElementById('self').textContent.includes('918\u202f188')")
        wait_until(lambda: len(p.server.asked) >= asked + 3, 30, "three more requests")
        assert p.js("getSelection().toString()").startswith("Dual write"), "a refresh takes no selection away"
        assert p.js("document.activeElement.localName") == "summary", "nor the focus"
        assert p.js("window.live") == 0, "a screen reader hears nothing of a refresh that changes nothing"
        p.server.document = samples.failing()
        p.page.wait_for("window.live === 1")
        assert p.texts("#live") == ["Not ready"]


def test_pause_stops_everything(show):
    with show(samples.well()) as p:
        p.js("document.getElementById('pause').focus()")
        p.page.press("Enter", text="\r")
        p.page.wait_for("document.getElementById('pause').textContent === 'Resume'")
        asked = len(p.server.asked)
        p.server.document = samples.failing()
        before = p.page.text()
        p.js("new Promise(done => setTimeout(done, 4500))")
        assert len(p.server.asked) <= asked + 1 and p.page.text() == before and "Paused as of" in p.texts("#answer")[0]
        p.page.press("Enter", text="\r")
        p.page.wait_for("document.querySelector('#verdict h2').textContent === 'Not ready'")


def test_in_the_background_it_asks_seldom(show):
    """What a browser does with timers of a tab in the background is its own business: here only the page's own patience shows."""
    with show(samples.well()) as p:
        p.js("""(hidden => { Object.defineProperty(document, 'hidden', {get: () => hidden}); window.turn = (to) => {
            hidden = to; document.dispatchEvent(new Event('visibilitychange')); }; turn(true); })(false)""")
        asked = len(p.server.asked)
        p.js("new Promise(done => setTimeout(done, 5000))")
        assert len(p.server.asked) <= asked + 1
        p.server.document = samples.off()
        p.js("turn(false)")
        p.page.wait_for("document.querySelector('#verdict h2').textContent === 'Dual write is off'", 10)


def test_a_clock_that_is_set_back_stops_nothing(show):
    """Somebody sets the browser's clock, or the time service does: it goes on asking, and still sees that nobody answers."""
    with show(samples.well()) as p:
        p.quiet = False
        p.js("(now => { Date.now = () => now() - 3600000; })(Date.now)")
        asked = len(p.server.asked)
        wait_until(lambda: len(p.server.asked) >= asked + 2, 20, "two more requests")
        assert "-" not in p.texts("#answer")[0]
        p.js("(now => { Date.now = () => now() - 3600000; })(Date.now)")
        p.server.status = 503
        p.page.wait_for("document.body.classList.contains('stale')")


def test_a_backlog_that_is_an_estimate_or_not_known(show):
    doc = samples.well()
    doc["database"].update(backlog=30000, backlog_exact=False, oldest_event_age_seconds=3)
    with show(doc) as p:
        assert p.texts("#figures .value")[0] == "≈ 30\u202f000"
        assert "About 30\u202f000\u00a0events wait" in p.js("document.getElementById('verdict').textContent")
        doc["database"].update(backlog=None, oldest_event_age_seconds=None)
        p.server.document = doc
        p.page.wait_for("document.querySelector('#figures .value').textContent === '–'")


@pytest.mark.parametrize("how", ["silent", "error", "garbage", "gone"])
def test_a_daemon_that_does_not_answer_is_seen(show, how):
    with show(samples.well()) as p:
        p.quiet = False  # the browser itself notes the requests that failed
        if how == "silent":
            p.server.silent = True
        elif how == "error":
            p.server.status = 503
        elif how == "garbage":
            p.server.document = b"<html>a proxy's idea of an answer</html>"
        else:
            p.server.__exit__()
        p.page.wait_for("document.body.classList.contains('stale')")
        assert p.texts("#verdict h2")[0].startswith("No status from the daemon for")
        why = {"silent": "No answer within 5 s", "error": "status 503", "garbage": "not JSON", "gone": "cannot be reached"}[how]
        assert why in p.js("document.getElementById('verdict').innerText")
        assert ("bad", "Does it run? Look at its host and its log", "systemctl status dualwrited") in p.todo()
        assert p.texts("#live") == ["No status from the daemon; what is shown is old."]
        assert "✗" in p.js("document.title") and "918\u202f187" in p.texts("#figures")[0], "what was known is still there"
        if how == "silent":
            p.picture("stale-1280")
            asked = len(p.server.asked)
            p.js("new Promise(done => setTimeout(done, 6000))")
            assert len(p.server.asked) - asked <= 2, "it asks less often"
            p.server.silent = False
            p.page.wait_for("!document.body.classList.contains('stale') && document.querySelector('#verdict h2').textContent === 'In step'", 60)
            assert p.texts("#live") == ["In step"]


def test_a_daemon_that_never_answered(browser):
    with Server(samples.well()) as server, browser.page() as page:
        server.status = 500
        page.open(server.url)
        page.wait_for("document.querySelector('#verdict h2')?.textContent === 'No status from the daemon'")
        assert page.evaluate("document.getElementById('all').hidden") and "systemctl status" not in page.text()
        server.status = 200
        page.wait_for(ANSWERED)


# ---- for everybody ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["healthy", "failing", "no_database", "stale"])
def test_axe_finds_nothing(show, axe, name, mode):
    doc = samples.failing() if name == "stale" else samples.ALL[name]()
    del doc["history"]["samples"][:-12]
    with show(doc, dark=MODES[mode]) as p:
        p.js("document.querySelector('#d-work').open = true")
        p.page.wait_for("document.querySelector('details table') !== null")
        if name == "stale":
            p.quiet = False
            p.server.status = 503
            p.page.wait_for("document.body.classList.contains('stale')")
        else:
            p.js("document.getElementById('pause').click()")  # nothing changes while it looks
        p.js(axe + "; true")
        for width in (1280, 360):
            p.page.resize(width)
            result = p.js("axe.run(document, {resultTypes: ['violations']}).then(r => ({"
                          "passes: r.passes.length, found: r.violations.map(v => [v.id, v.nodes.slice(0, 3).map(n => n.html + ' ' + n.failureSummary)])}))")
            assert result["found"] == [] and result["passes"] > 20


def test_landmarks_headings_tables_and_keys(show):
    with show(samples.healthy()) as p:
        assert p.js("['header', 'main', 'footer'].map(t => document.querySelectorAll(t).length)") == [1, 1, 1]
        levels = p.js("[...document.querySelectorAll('h1, h2, h3')].filter(e => e.checkVisibility()).map(e => +e.localName[1])")
        assert levels[0] == 1 and levels.count(1) == 1 and all(b - a <= 1 for a, b in zip(levels, levels[1:]))
        assert p.js("[...document.querySelectorAll('table')].every(t => t.getAttribute('aria-labelledby') && "
                    "[...t.tHead.rows[0].cells].every(c => c.scope === 'col') && [...t.tBodies[0].rows].every(r => r.cells[0].scope === 'row'))")
        assert p.js("document.documentElement.lang") == "en"
        # every control is reached by Tab, and is seen to be
        stops = []
        for _ in range(20):
            p.page.press("Tab", windowsVirtualKeyCode=9)
            stop = p.js("(e => e === document.body ? null : [e.localName, getComputedStyle(e).outlineStyle])(document.activeElement)")
            if stop is None:
                break
            stops.append(tuple(stop))
        assert stops == [("button", "solid"), *[("summary", "solid")] * 3, ("button", "solid"), *[("a", "solid")] * 2]
        # on a phone a table is laid out as cards and is a table still
    with show(samples.healthy(), width=360) as p:
        tree = p.page.send("Accessibility.getFullAXTree")["nodes"]
        roles = [node.get("role", {}).get("value") for node in tree]
        assert roles.count("table") == 4 and roles.count("columnheader") >= 15 and roles.count("rowheader") >= 20
        assert "banner" in roles and "contentinfo" in roles and roles.count("main") == 1


def test_nothing_moves_and_shapes_tell_what_colours_tell(show):
    with show(samples.failing(), prefers_reduced_motion="reduce") as p:
        assert p.js("document.getAnimations().length") == 0
        # each level has a shape of its own
        assert p.js("new Set(['bad', 'look', 'note'].map(l => document.querySelector(`#todo .${l} path`).getAttribute('d'))).size") == 3
        labels = p.js("[...document.querySelectorAll('#todo li > svg')].map(s => s.getAttribute('aria-label'))")
        assert set(labels) == {"Critical", "Warning", "Note"}


def test_without_javascript(browser):
    with Server(samples.well()) as server, browser.page() as page:
        page.send("Emulation.setScriptExecutionDisabled", value=True)
        page.open(server.url)
        wait_until(lambda: server.asked, what="the page was asked for")
        node = wait_until(lambda: [n for n in page.send("Accessibility.getFullAXTree")["nodes"]
                                   if "needs JavaScript" in n.get("name", {}).get("value", "")], what="the words for that")
        assert node
        names = " ".join(n.get("name", {}).get("value", "") for n in page.send("Accessibility.getFullAXTree")["nodes"])
        assert "dualwrited status" in names and "/status" not in server.asked


# ---- a real daemon ---------------------------------------------------------------------------------------------------------


def test_a_real_daemon(db, browser):
    """What the daemon says at /status is on its page at /: events as they are synced, one that fails, an override."""
    install(db)
    with Daemon(db, DUALWRITE_HTTP_LISTEN="127.0.0.1:0", **{ENABLED: True}) as daemon, browser.page(height=1000) as page:
        url = f"http://{daemon.wait_for('http_listening')['address']}/"
        page.open(url)
        page.wait_for(ANSWERED)
        page.wait_for("document.querySelector('#verdict h2').textContent === 'In step'")
        team = db.new_team(name="Alpha")
        page.wait_for("/sync_team_created/.test(document.getElementById('recent').textContent) && "
                      "/completed/.test(document.getElementById('recent').textContent)")
        # one that cannot be written: somebody has its unique value in legacy
        db.legacy.execute("ALTER TABLE teams_team ADD CONSTRAINT no_beta CHECK (name <> 'Beta') NOT VALID")
        db.new_team(name="Beta")
        page.wait_for("/no_beta/.test(document.getElementById('failures').textContent)")
        assert "--constraint=no_beta" in page.evaluate("document.querySelector('#failures .command').textContent")
        assert page.evaluate("document.querySelector('#daemons .mine') !== null")
        # an override is in force within a beat, and said
        rollback(db, "disable", "--reason=test")
        page.wait_for("/An override keeps dual write off/.test(document.getElementById('todo').textContent)")
        status = page.evaluate("fetch('status').then(r => r.json())")
        shown = page.evaluate("document.getElementById('foot').textContent")
        assert status["instance"] in shown and status["version"] in shown and team
        assert page.complaints == []
        assert {r.removeprefix(url) for r in page.requests if r.startswith("http")} == {"", "status"}
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(PICTURES / "real.png")
