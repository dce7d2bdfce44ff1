"""Every project has a page and an address of its own."""

from typing import Any

from pages.project import Projects

BLANK = {"portfolio": None, "programme": None, "project_code": None, "quarter": "2018-19 Q1"}


def status(project: str, **told: Any) -> dict[str, Any]:
    return BLANK | {"project": project} | told


def milestone(project: str | None, **told: Any) -> dict[str, Any]:
    return {"portfolio": None, "programme": None, "quarter": "2018-19 Q1", "project": project} | told


def test_a_name_printed_in_another_way_in_another_quarter_is_one_project() -> None:
    first, second = (
        status("Roads - Phase 1", portfolio="A"),
        status("ROADS / phase 1", portfolio="B", quarter="2018-19 Q2"),
    )
    projects = Projects([{"project_status": [first]}, {"project_status": [second]}])
    assert [(each.address, each.name) for each in projects.listed] == [("roads-phase-1", "ROADS / phase 1")]
    assert projects.address_of(first) == projects.address_of(second) == "roads-phase-1"


def test_names_of_one_address_in_one_quarter_are_projects_of_their_own() -> None:
    rows = [status("Roads A/B"), status("Roads A-B")]
    note = milestone("Roads A-B")
    projects = Projects([{"project_status": rows, "milestones": [note]}])
    one, other = (projects.address_of(row) for row in rows)
    assert one != other
    assert one and one.startswith("roads-a-b-")
    assert [each.rows.get("milestones", []) for each in projects.listed] == [[], [note]]
    assert projects.address_of(note) == other


def test_a_name_in_two_portfolios_is_two_projects() -> None:
    rows = [status("Roads", portfolio=name) for name in ("North", "South")]
    costs = {"portfolio": "South", "project_code": None, "quarter": "2018-19 Q1", "project": "Roads"}
    own, unsaid = milestone("Roads", portfolio="North"), milestone("Roads")
    projects = Projects([{"project_status": rows, "project_delivery": [costs], "milestones": [own, unsaid]}])
    assert [each.name for each in projects.listed] == ["Roads, North", "Roads, South"]
    assert len({each.address for each in projects.listed}) == 2
    assert [each.rows["milestones"] for each in projects.listed] == [[own, unsaid], [unsaid]]
    assert projects.address_of(costs) == projects.address_of(rows[1])


def test_names_of_other_scripts_and_of_devices_have_addresses() -> None:
    names = ["Школа", "道路", "Con", "AUX", "com1", "Convoy"]
    found = [each.address for each in Projects([{"project_status": [status(name) for name in names]}]).listed]
    assert len(set(found)) == len(names)
    assert not {"con", "aux", "com1"} & set(found)
    assert found[-1] == "convoy"


def test_a_remark_about_no_project_of_the_list_has_no_page() -> None:
    remark = {"portfolio": None, "programme": None, "quarter": "2018-19 Q1", "listed_project": None, "project": "Parks"}
    assert Projects([{"project_remarks": [remark]}]).listed == []
