"""What every manifest has to be, whatever is changed in it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.unit.serving.k8s.rendered import (
    K8S,
    NAMES,
    Document,
    containers,
    needs_kubectl,
    of_kind,
    pods,
    rendered,
    selected,
)

pytestmark = needs_kubectl
GUNICORN = K8S.parent / "gunicorn.conf.py"
PINNED = re.compile(r"[^@\s:]+(:\d+/[^@\s:]+)?@sha256:[0-9a-f]{64}")
RESOURCES = ("cpu", "memory", "ephemeral-storage")
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


@pytest.fixture(params=NAMES)
def documents(request: pytest.FixtureRequest) -> tuple[Document, ...]:
    """What an overlay renders to."""
    return rendered(str(request.param))


def number(quantity: str) -> float:
    """Read a quantity."""
    factors = {"m": 1e-3, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
    found = re.fullmatch(r"(\d+)([A-Za-z]*)", str(quantity))
    assert found, quantity
    return int(found[1]) * factors.get(found[2], 1.0)


def test_images_are_named_by_digest(documents: tuple[Document, ...]) -> None:
    """A tag may mean other bytes tomorrow."""
    assert [name for name, each, _ in containers(documents) if not PINNED.fullmatch(each["image"])] == []


def test_every_container_has_requests_and_limits(documents: tuple[Document, ...]) -> None:
    """Of processors, memory and disk; no request is above its limit."""
    for name, each, _ in containers(documents):
        found = each["resources"]
        for resource in RESOURCES:
            request, limit = found["requests"][resource], found["limits"][resource]
            assert 0 < number(request) <= number(limit), (name, resource)


def test_nobody_is_root_or_becomes_it(documents: tuple[Document, ...]) -> None:
    """User, root file system, capabilities, privileges and system calls."""
    for name, each, pod in containers(documents):
        around, inside = pod["securityContext"], each["securityContext"]
        assert around["runAsNonRoot"] is True, name
        assert around["runAsUser"] > 0, name
        assert around["runAsGroup"] > 0, name
        assert around["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert inside["readOnlyRootFilesystem"] is True, name
        assert inside["allowPrivilegeEscalation"] is False, name
        assert inside["capabilities"] == {"drop": ["ALL"]}, name
        assert not inside.keys() - {"readOnlyRootFilesystem", "allowPrivilegeEscalation", "capabilities"}, (
            name
        )


def test_nothing_of_the_node_is_shared(documents: tuple[Document, ...]) -> None:
    """Neither its network, processes and folders, nor its ports."""
    for name, pod in pods(documents):
        spec = pod["spec"]
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys(), name
        assert not any("hostPath" in volume for volume in spec["volumes"]), name
    assert not any("hostPort" in port for _, each, _ in containers(documents) for port in each["ports"])


def test_no_pod_has_a_token_of_the_api_server(documents: tuple[Document, ...]) -> None:
    """Accounts are there, not the default one, and without a token."""
    accounts = {each["metadata"]["name"]: each for each in of_kind(documents, "ServiceAccount")}
    for name, pod in pods(documents):
        assert pod["spec"]["automountServiceAccountToken"] is False, name
        assert accounts[pod["spec"]["serviceAccountName"]]["automountServiceAccountToken"] is False, name


def test_no_role_may_change_anything(documents: tuple[Document, ...]) -> None:
    """Nor may anybody more than look, at what is named; and each binding names what is there."""
    assert of_kind(documents, "ClusterRole") == of_kind(documents, "ClusterRoleBinding") == []
    roles = {each["metadata"]["name"]: each for each in of_kind(documents, "Role")}
    accounts = {each["metadata"]["name"] for each in of_kind(documents, "ServiceAccount")}
    for role in roles.values():
        for rule in role["rules"]:
            assert set(rule["verbs"]) <= {"get", "list", "watch"}
            assert rule["resourceNames"]
            assert "*" not in (*rule["apiGroups"], *rule["resources"])
    for binding in of_kind(documents, "RoleBinding"):
        assert binding["roleRef"]["name"] in roles
        assert {each["name"] for each in binding["subjects"]} <= accounts


def test_every_writable_folder_is_bounded(documents: tuple[Document, ...]) -> None:
    """What is mounted is there, and no folder may fill the node."""
    for name, each, pod in containers(documents):
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        assert {mount["name"] for mount in each["volumeMounts"]} <= volumes.keys(), name
        in_memory = 0.0
        for volume in volumes.values():
            if "emptyDir" in volume:
                limit = number(volume["emptyDir"]["sizeLimit"])
                in_memory += limit if volume["emptyDir"].get("medium") == "Memory" else 0
        assert in_memory < number(each["resources"]["limits"]["memory"]) / 2, name


def test_every_container_is_probed(documents: tuple[Document, ...]) -> None:
    """Start, readiness and life, each at a port that has that name."""
    for name, each, _ in containers(documents):
        ports = {port["name"] for port in each["ports"]}
        for probe in PROBES:
            asked = each[probe].get("httpGet") or each[probe]["tcpSocket"]
            assert asked["port"] in ports, (name, probe)
        live, ready = each["livenessProbe"], each["readinessProbe"]
        # A pod is taken out before it is killed.
        assert live["periodSeconds"] * live["failureThreshold"] > ready["periodSeconds"] * ready.get(
            "failureThreshold", 3
        ), name


def test_the_service_has_time_to_end(documents: tuple[Document, ...]) -> None:
    """The grace period holds preStop and what gunicorn takes for requests under way, and some seconds."""
    said = re.search(r"^graceful_timeout = (\d+)$", GUNICORN.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert said
    drain = int(said[1])
    (found,) = [(each, pod) for name, each, pod in containers(documents) if name == "scoring/scoring"]
    sleep = found[0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert sleep >= 5
    assert found[1]["terminationGracePeriodSeconds"] >= sleep + drain + 5


def test_probes_of_the_service_are_its_own(documents: tuple[Document, ...]) -> None:
    """Life never depends on the model: killing does not mend one that failed its proof."""
    (found,) = [each for name, each, _ in containers(documents) if name == "scoring/scoring"]
    paths = [found[probe]["httpGet"]["path"] for probe in PROBES]
    assert paths == ["/livez", "/readyz", "/livez"]
    variables = {each["name"]: each.get("value") for each in found["env"]}
    assert variables["PORT"] == str(found["ports"][0]["containerPort"])
    assert float(variables["WEB_CONCURRENCY"]) <= number(found["resources"]["limits"]["cpu"])


def test_a_rolling_update_takes_nothing_away(documents: tuple[Document, ...]) -> None:
    """One more first; the number of pods is the autoscaler's, and never below two."""
    (found,) = [each for each in of_kind(documents, "Deployment") if each["metadata"]["name"] == "scoring"]
    assert found["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert "replicas" not in found["spec"]
    (scaled,) = of_kind(documents, "HorizontalPodAutoscaler")
    assert scaled["spec"]["minReplicas"] >= 2
    (budget,) = of_kind(documents, "PodDisruptionBudget")
    assert 1 <= budget["spec"]["minAvailable"] < scaled["spec"]["minReplicas"]


def test_the_base_by_itself_has_two_replicas() -> None:
    """Whoever uses it without the autoscaler has two."""
    (found,) = of_kind(rendered("../base"), "Deployment")
    assert found["spec"]["replicas"] == 2


def test_every_selector_means_its_own_pods(documents: tuple[Document, ...]) -> None:
    """Services, budgets, spreads and Deployments select one workload each, by all their labels."""
    for each in of_kind(documents, "Deployment"):
        name, spec = each["metadata"]["name"], each["spec"]
        assert selected(documents, spec["selector"]["matchLabels"]) == [name]
        for spread in spec["template"]["spec"].get("topologySpreadConstraints", ()):
            assert selected(documents, spread["labelSelector"]["matchLabels"]) == [name]
    for kind, at in (("Service", ()), ("PodDisruptionBudget", ("matchLabels",))):
        for each in of_kind(documents, kind):
            selector: Any = each["spec"]["selector"]
            for key in at:
                selector = selector[key]
            assert selected(documents, selector) == [each["metadata"]["name"]], kind


def test_every_port_that_is_named_is_there(documents: tuple[Document, ...]) -> None:
    """Of services, policies and monitors."""
    templates = dict(pods(documents))
    ports = {
        name: {port["name"] for each in pod["spec"]["containers"] for port in each["ports"]}
        for name, pod in templates.items()
    }
    for each in of_kind(documents, "Service"):
        (name,) = selected(documents, each["spec"]["selector"])
        assert {port["targetPort"] for port in each["spec"]["ports"]} <= ports[name]
    for each in of_kind(documents, "NetworkPolicy"):
        for name in selected(documents, each["spec"]["podSelector"].get("matchLabels", {})):
            for rule in each["spec"].get("ingress", ()):
                assert {port["port"] for port in rule["ports"]} <= ports[name]


def test_what_points_elsewhere_points_at_something(documents: tuple[Document, ...]) -> None:
    """The autoscaler at a Deployment, the monitor at a port of a Service, policies at pods."""
    deployments = {each["metadata"]["name"] for each in of_kind(documents, "Deployment")}
    (scaled,) = of_kind(documents, "HorizontalPodAutoscaler")
    assert scaled["spec"]["scaleTargetRef"]["name"] in deployments
    (monitor,) = of_kind(documents, "ServiceMonitor")
    wanted = monitor["spec"]["selector"]["matchLabels"]
    (service,) = [
        each for each in of_kind(documents, "Service") if wanted.items() <= each["metadata"]["labels"].items()
    ]
    assert {each["port"] for each in monitor["spec"]["endpoints"]} <= {
        port["name"] for port in service["spec"]["ports"]
    }
    for each in of_kind(documents, "NetworkPolicy"):
        # Only some components ask for names.
        if each["metadata"]["name"] != "dns":
            assert selected(documents, each["spec"]["podSelector"].get("matchLabels", {}))


def test_everything_is_shut_unless_it_is_opened(documents: tuple[Document, ...]) -> None:
    """One policy shuts all pods both ways; callers and Prometheus get in, and the service asks nobody."""
    policies = {each["metadata"]["name"]: each["spec"] for each in of_kind(documents, "NetworkPolicy")}
    assert policies["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    (pod,) = [template for name, template in pods(documents) if name == "scoring"]
    labels = pod["metadata"]["labels"]
    about = {
        name: spec
        for name, spec in policies.items()
        if spec["podSelector"].get("matchLabels", {}).items() <= labels.items() and name != "default-deny"
    }
    assert about.keys() == {"scoring-callers", "scoring-metrics"}
    assert not any("egress" in spec for spec in about.values())
    assert all(source for spec in about.values() for rule in spec["ingress"] for source in rule["from"])


def test_all_is_in_one_namespace_with_the_recommended_labels(documents: tuple[Document, ...]) -> None:
    """Which refuses pods with more rights than restricted ones have."""
    (namespace,) = of_kind(documents, "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    for each in documents:
        if each is not namespace:
            assert each["metadata"]["namespace"] == namespace["metadata"]["name"]
    for name, pod in pods(documents):
        wanted = (
            {"app.kubernetes.io/component", "app.kubernetes.io/instance"}
            if name == "scoring"
            else {"app.kubernetes.io/component"}
        )
        assert wanted <= pod["metadata"]["labels"].keys()


def test_production_takes_keys_from_a_secret() -> None:
    """A mounted file, never a variable and never in the manifests."""
    documents = rendered("prod")
    assert of_kind(documents, "Secret") == []
    ((_, each, pod),) = containers(documents)
    variables = {found["name"]: found.get("value", "") for found in each["env"]}
    (mount,) = [found for found in each["volumeMounts"] if found["name"] == "keys"]
    (volume,) = [found for found in pod["volumes"] if found["name"] == "keys"]
    assert variables["DAYS_TO_SELL_API_KEYS_FILE"].startswith(f"{mount['mountPath']}/")
    assert mount["readOnly"] is True
    assert volume["secret"]["defaultMode"] == 0o440
    assert variables["DAYS_TO_SELL_ENVIRONMENT"] == "production"


def test_the_release_daemon_is_called_as_the_command_line_is() -> None:
    """Every option that its command names is one."""
    from days_to_sell.cli.release import run

    (found,) = [each for name, each, _ in containers(rendered("everything")) if name.startswith("release")]
    known = {option for each in run.params for option in each.opts}
    assert {word for word in found["command"] if word.startswith("--")} <= known
