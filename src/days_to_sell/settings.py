"""What the environment decides: one frozen value, read once at the edge."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from days_to_sell.errors import SettingsError

PREFIX = "DAYS_TO_SELL_"
Engine = Literal["auto", "python", "jvm"]
ENGINES: tuple[Engine, ...] = get_args(Engine)


@dataclass(frozen=True)
class Settings:
    """The environment's choices; each field is read from ``DAYS_TO_SELL_<FIELD>``.

    Args:
        cache_dir: Where downloaded jars and the Java trust store are kept.
        mleap_exporter: Maven coordinates of the MLeap exporter for the Spark line in use.
        driver_memory: Memory of a Spark driver that this process starts.
        s3_endpoint: Address of an S3 server other than the cloud's own.
        base_image: Base of the scoring image.
        image_registry: Image registry, with a path in it, to publish images to; empty for none.
        host: Address that services bind to.
        package: Model package that the scoring service serves.
        environment: Name of the deployment a scoring service belongs to.
        engine: What computes bundles: ``auto`` is Python where it knows every operator, else the JVM.
        jvm_java: Java home of the JVM engine; found as training finds one when not given.
        jvm_jars: Folder with the jars of MLeap's runtime; fetched into the cache when not given.
        jvm_options: Options of the JVM engine's JVM, separated by blanks.
        model_version: Registered version of the served model; known only after the package was made.
        counters: Folder that the workers of one scoring service share for their counters.
        max_body_bytes: Longest request body that the service reads.
        body_seconds: How long the service waits for a request's body.
        max_rows: Most rows that one request may hold.
        allow_unknown_fields: Whether a request may hold fields that the contract does not name.
        api_keys_file: File of the keys that the scoring service takes; everybody may ask when not given.
        access_log: Whether the scoring service writes a line for each request.
        event_log: Database address of the event log; found beside the registry when not given.
        package_digest: Digest that the served package must have; any is taken when not given.
        signing_key: PEM file of the Ed25519 key that signs packages when they are published.
        trusted_keys: PEM file of public keys, or a folder of such files; then only packages that one of them
            signed are promoted, released or pass ``verify``.
        successor: File in which a scoring service finds what is to follow it on its socket; none follows it
            when not given.
        alert_url: Address that refusals, failures and rollbacks of releases are posted to; empty for none.
        override_users: Names, separated by commas, of those who may promote a version past red
            gates; empty for nobody.
        git_identity: Who commits to deployment repositories, as ``Name <mail>``; git's own configuration
            decides where empty.
        packages: Place on S3, ``s3://bucket/prefix``, where releases keep model packages by digest, and from
            where alone deployments by git take them; empty for none.
        proxy_image: HAProxy image in front of the replicas of the Docker target; it has to have bash.
    """

    cache_dir: Path = field(default_factory=lambda: Path("~/.cache/days-to-sell").expanduser())
    mleap_exporter: str = "ml.combust.mleap:mleap-spark_2.12:0.16.0"
    driver_memory: str = "4g"
    s3_endpoint: str | None = None
    base_image: str = "python:3.11-slim-bookworm"
    image_registry: str = ""
    host: str = "127.0.0.1"
    package: Path | None = None
    environment: str = "local"
    engine: Engine = "auto"
    jvm_java: Path | None = None
    jvm_jars: Path | None = None
    jvm_options: str = "-Xmx256m"
    model_version: str = ""
    counters: Path | None = None
    max_body_bytes: int = 1_000_000
    body_seconds: int = 30
    max_rows: int = 1_000
    allow_unknown_fields: bool = False
    api_keys_file: Path | None = None
    access_log: bool = True
    event_log: str | None = None
    package_digest: str = ""
    signing_key: Path | None = None
    trusted_keys: Path | None = None
    successor: Path | None = None
    alert_url: str = ""
    override_users: str = ""
    git_identity: str = ""
    packages: str = ""
    proxy_image: str = "haproxy:2.8-bookworm"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from environment variables.

        Raises:
            SettingsError: A variable holds a value of the wrong kind; the message names it.
        """
        found = os.environ if environ is None else environ
        default = cls()

        def text(name: str, fallback: str) -> str:
            return found.get(PREFIX + name) or fallback

        jvm_java, jvm_jars = found.get(PREFIX + "JVM_JAVA"), found.get(PREFIX + "JVM_JARS")
        package, counters = found.get(PREFIX + "PACKAGE"), found.get(PREFIX + "COUNTERS")
        keys, successor = found.get(PREFIX + "API_KEYS_FILE"), found.get(PREFIX + "SUCCESSOR")
        signing, trusted = found.get(PREFIX + "SIGNING_KEY"), found.get(PREFIX + "TRUSTED_KEYS")
        return cls(
            cache_dir=Path(text("CACHE_DIR", str(default.cache_dir))).expanduser(),
            mleap_exporter=text("MLEAP_EXPORTER", default.mleap_exporter),
            driver_memory=text("DRIVER_MEMORY", default.driver_memory),
            s3_endpoint=found.get(PREFIX + "S3_ENDPOINT") or None,
            base_image=text("BASE_IMAGE", default.base_image),
            image_registry=text("IMAGE_REGISTRY", default.image_registry),
            host=text("HOST", default.host),
            package=Path(package) if package else None,
            environment=text("ENVIRONMENT", default.environment),
            engine=_engine(found, default.engine),
            jvm_java=Path(jvm_java) if jvm_java else None,
            jvm_jars=Path(jvm_jars) if jvm_jars else None,
            jvm_options=text("JVM_OPTIONS", default.jvm_options),
            model_version=text("MODEL_VERSION", default.model_version),
            counters=Path(counters) if counters else None,
            max_body_bytes=_count(found, "MAX_BODY_BYTES", default.max_body_bytes),
            body_seconds=_count(found, "BODY_SECONDS", default.body_seconds),
            max_rows=_count(found, "MAX_ROWS", default.max_rows),
            allow_unknown_fields=_flag(found, "ALLOW_UNKNOWN_FIELDS", default.allow_unknown_fields),
            api_keys_file=Path(keys) if keys else None,
            access_log=_flag(found, "ACCESS_LOG", default.access_log),
            event_log=found.get(PREFIX + "EVENT_LOG") or None,
            package_digest=text("PACKAGE_DIGEST", default.package_digest),
            signing_key=Path(signing) if signing else None,
            trusted_keys=Path(trusted) if trusted else None,
            successor=Path(successor) if successor else None,
            alert_url=text("ALERT_URL", default.alert_url),
            override_users=text("OVERRIDE_USERS", default.override_users),
            git_identity=text("GIT_IDENTITY", default.git_identity),
            packages=text("PACKAGES", default.packages),
            proxy_image=text("PROXY_IMAGE", default.proxy_image),
        )


def _count(environ: Mapping[str, str], name: str, fallback: int) -> int:
    value = environ.get(PREFIX + name)
    if not value:
        return fallback
    if not value.isdecimal() or int(value) == 0:
        raise SettingsError(f"{PREFIX}{name} is {value!r}; set it to a whole number above zero")
    return int(value)


def _engine(environ: Mapping[str, str], fallback: Engine) -> Engine:
    value = environ.get(PREFIX + "ENGINE") or fallback
    for engine in ENGINES:
        if value == engine:
            return engine
    raise SettingsError(f"{PREFIX}ENGINE is {value!r}; set it to one of {', '.join(ENGINES)}")


def _flag(environ: Mapping[str, str], name: str, fallback: bool) -> bool:
    value = environ.get(PREFIX + name)
    if not value:
        return fallback
    if value.lower() not in {"1", "true", "yes", "0", "false", "no"}:
        raise SettingsError(f"{PREFIX}{name} is {value!r}; set it to true or false")
    return value.lower() in {"1", "true", "yes"}
