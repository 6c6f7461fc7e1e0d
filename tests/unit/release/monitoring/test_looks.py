"""Looks: what a real service tells is read back exactly, and whatever else comes is refused."""

from __future__ import annotations

from collections import Counter

import pytest

from days_to_sell.errors import MonitorError
from days_to_sell.release.monitoring.looks import Look, look_at, read_look
from days_to_sell.scoring.package import ModelPackage
from days_to_sell.scoring.profile import Profile
from days_to_sell.settings import Settings
from serving.app import create_app
from stack.ports import free_port
from tests.packages import cars, days_by_formula, make_package

URL = "http://service"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> ModelPackage:
    """The package of version 7."""
    return make_package(tmp_path_factory.mktemp("looks") / "package")


@pytest.fixture(scope="module")
def profile(package: ModelPackage) -> Profile:
    """Its profile."""
    assert package.profile is not None
    return package.profile


@pytest.fixture(scope="module")
def told(package: ModelPackage) -> str:
    """What its service tells after 60 cars."""
    client = create_app(package, Settings(model_version="7")).test_client()
    assert client.post("/invocations", json={"instances": cars(60)}).status_code == 200
    return client.get("/metrics").get_data(as_text=True)


def test_what_was_counted_is_read_back(told: str, package: ModelPackage, profile: Profile) -> None:
    """Each column's rows by bin, and those of the prediction out of cumulated buckets."""
    look = read_look(told, URL, package, profile, "7")
    assert look.rows == 60
    assert look.since > 1.7e9
    for name, histogram in profile.histograms:
        values = [car.get(name, car["price_gbp"] / car["valuation_gbp"]) for car in cars(60)]
        if name == "days":
            values = [days_by_formula(car) for car in cars(60)]
        counted = Counter(map(histogram.bins.finder(), values))
        assert look.counts[name] == tuple(counted[index] for index in range(histogram.bins.size)), name


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("sha256:", "sha256:0", "serves 'tiny-model' version '7' with package 'sha256:0"),
        ('model="tiny-model"', 'model="other"', "serves 'other'"),
        ("days_to_sell_model_info", "other_info", "not that of a scoring service"),
        ("days_to_sell_input_total{", "days_to_sell_input_total}", "not that of a scoring service"),
        ('feature="mileage"', 'feature="miles"', "does not fit its package"),
        ('le="+Inf"', 'le="7"', "does not fit its package"),
        ('feature="mileage"} 0.0', 'feature="mileage"} -1.0', "does not fit its package"),
        ('feature="mileage"} 0.0', 'feature="mileage"} NaN', "does not fit its package"),
        ('le="+Inf"} 60.0', 'le="+Inf"} 6.0', "does not fit its package"),
    ],
)
def test_what_does_not_fit_is_refused(
    told: str, package: ModelPackage, profile: Profile, before: str, after: str, says: str
) -> None:
    """Another package, another model, damaged lines, bins that are missing: the error is ours."""
    changed = told.replace(before, after)
    assert changed != told
    with pytest.raises(MonitorError, match=says):
        read_look(changed, URL, package, profile, "7")


@pytest.mark.parametrize("text", ["", "<html>", "a 1\n" * 3, "days_to_sell_model_info 1\n", "\x00", "{} {}"])
def test_what_is_no_service_is_refused(text: str, package: ModelPackage, profile: Profile) -> None:
    """Whatever answers at that address."""
    with pytest.raises(MonitorError, match=r"not that of a scoring service"):
        read_look(text, URL, package, profile, "7")


def test_an_address_where_nobody_answers_is_named(package: ModelPackage, profile: Profile) -> None:
    """The message says where and what to look at."""
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(MonitorError, match=rf"{url}/metrics does not answer.*--url"):
        look_at(url, package, profile, "7")


def test_a_window_is_the_difference_of_two_looks() -> None:
    """Since the start where there is no earlier look."""
    first, second = Look(1.0, {"days": (3, 5)}), Look(1.0, {"days": (4, 9)})
    assert first.after(None) == ({"days": (3, 5)}, False)
    assert second.after(first) == ({"days": (1, 4)}, False)


@pytest.mark.parametrize("second", [Look(2.0, {"days": (9, 9)}), Look(1.0, {"days": (2, 9)})])
def test_a_restart_is_noticed(second: Look) -> None:
    """Another beginning, or a counter that went back: what counts is what came since."""
    assert second.after(Look(1.0, {"days": (3, 5)})) == (dict(second.counts), True)
