"""What `docs/operating.md` and `deploy/` say is tried, as far as it goes without Docker.

With Docker it was run by hand, as `docs/operating.md` says.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import warnings
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from assets.definitions import build
from assets.names import MODE_TAG
from connector.checks import CHECKS

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
TEXT = (ROOT / "docs" / "operating.md").read_text()
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()


def loaded(name: str) -> dict[str, Any]:
    found = yaml.safe_load((DEPLOY / name).read_text())
    assert isinstance(found, dict)
    return found


def test_the_template_is_one_that_dagster_takes_as_it_is(tmp_path: Path) -> None:
    shutil.copy(DEPLOY / "dagster.yaml", tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        for setting in ("telemetry", "nux", "run_monitoring", "run_retries", "retention"):
            assert instance.get_settings(setting) == loaded("dagster.yaml")[setting]
        runs = instance.get_concurrency_config().run_queue_config
    assert runs
    assert runs.max_concurrent_runs == 4
    (limit,) = runs.tag_concurrency_limits
    assert limit["key"] == MODE_TAG


def test_the_instance_of_the_containers_differs_in_what_it_keeps_where() -> None:
    ours = loaded("dagster.postgres.yaml")
    storage, _ = ours.pop("storage"), ours.pop("compute_logs")
    assert ours == loaded("dagster.yaml")
    given = {value["env"] for value in storage["postgres"]["postgres_db"].values() if value != 5432}
    service = loaded("compose.yaml")["services"]["daemon"]
    from_env = {"DAGSTER_POSTGRES_PASSWORD"}
    assert given == {name for name in service["environment"] if "POSTGRES" in name} | from_env


def test_the_compose_file_names_what_is_there() -> None:
    found = loaded("compose.yaml")
    assert set(found["services"]) == {"webserver", "daemon", "postgres"}
    for name in ("webserver", "daemon"):
        service = found["services"][name]
        assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
        # Compose fills in ${...} from the .env beside its file and from no other.
        assert service["env_file"] == ".env"
        assert {volume.split(":")[0] for volume in service["volumes"]} <= set(found["volumes"])
    command = found["services"]["daemon"]["command"]
    assert (Path(sys.executable).parent / command[0]).exists()
    assert (ROOT / command[-1]).is_file()
    for port in found["services"]["webserver"]["ports"]:
        assert port.startswith("127.0.0.1:")
    assert "ports" not in found["services"]["postgres"]


def test_the_image_is_made_of_files_and_commands_that_exist() -> None:
    copied = [line.split()[1:-1] for line in DOCKERFILE.splitlines() if line.startswith("COPY ")]
    sources = [source for line in copied for source in line]
    assert [source for source in sources if not (ROOT / source).exists()] == []
    let_in = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert set(sources) == set(let_in)
    (command,) = re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    program, *arguments = json.loads(command)
    assert (Path(sys.executable).parent / program).exists()
    assert arguments[-1] in sources
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "postgres" in extras["optional-dependencies"]
    packages = {"schemas", "connector", "assets"}
    assert packages <= set(sources)


def test_storage_is_of_the_number_that_belongs_to_this_dagster() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    postgres, sqlalchemy = extras["postgres"]
    major, minor, patch = dg.__version__.split(".")
    assert postgres == f"dagster-postgres==0.{int(minor) + 16}.{patch}"
    assert major == "1"
    # From 2.1 on, SQLAlchemy takes Dagster's "postgresql" for psycopg 3, which isn't installed.
    assert sqlalchemy == "sqlalchemy<2.1"


def test_the_example_of_an_alert_is_a_sensor_that_loads_with_our_definitions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    found: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(example, "operating.md", "exec"), found)  # noqa: S102  # our own example
        whole = dg.Definitions.merge(build(), dg.Definitions(sensors=[found["tell_somebody"]]))
    sensor = whole.resolve_sensor_def("tell_somebody")
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING


def test_every_check_has_its_line() -> None:
    said = set(re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE))
    assert said == {check.name for check in CHECKS} | {"scope_is_granted", "is_fresh"}


@pytest.mark.long
def test_dagster_itself_says_what_the_template_sets(tmp_path: Path) -> None:
    shutil.copy(DEPLOY / "dagster.yaml", tmp_path)
    ran = subprocess.run(  # Dagster's own command
        [sys.executable, "-m", "dagster", "instance", "info"],
        env={**os.environ, "DAGSTER_HOME": str(tmp_path)},
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert "max_concurrent_runs: 4" in ran.stdout
