"""The template holds every sheet and heading, and can be filled in and read back."""

from __future__ import annotations

from pathlib import Path

import openpyxl  # type: ignore[import-untyped]
import pytest

from rodtrad.domain.columns import SCHEMA, SETTINGS
from rodtrad.errors import InputError, SourceError
from rodtrad.sources import read_underlag, write_template
from rodtrad.sources.reference import PAGE, render_reference

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mall") / "mall.xlsx"
    write_template(path)
    return path


def test_a_sheet_a_table_after_the_reading_guide(template: Path) -> None:
    workbook = openpyxl.load_workbook(template)

    labels = [spec.label_sv for spec in SCHEMA.values()]
    assert workbook.sheetnames == ["Läs mig", *labels, "Listor"]
    assert workbook["Listor"].sheet_state == "hidden"
    guide = [row[0].value for row in workbook["Läs mig"].iter_rows()]
    assert guide[0] == "Underlag till Röd tråd"
    assert set(labels) <= set(guide)


def test_headings_units_stars_help_and_frozen_row(template: Path) -> None:
    workbook = openpyxl.load_workbook(template)
    for spec in SCHEMA.values():
        sheet = workbook[spec.label_sv]
        assert sheet.freeze_panes == "A2", spec.name
        for place, column in enumerate(spec.columns.values(), start=1):
            cell = sheet.cell(1, place)
            heading = str(cell.value)
            assert heading.endswith(" *") == bool(column.required), heading
            assert spec.column_named(heading) == column.name
            assert column.type != "tkr" or "(tkr)" in heading
            assert cell.comment is not None
            assert column.description in cell.comment.text


def test_a_heading_says_its_unit_once() -> None:
    headings = {
        f"{spec.name}.{column.name}": column.heading
        for spec in SCHEMA.values()
        for column in spec.columns.values()
    }
    assert headings["parts.share"] == "Andel"
    assert headings["services.ratio"] == "Andel som behöver plats"
    assert headings["population.age"] == "Ålder"
    assert headings["resource_use.offset"] == "År från start"
    assert headings["alternatives.build_years"] == "Byggtid (år)"
    assert headings["years.cost_growth"] == "Kostnadsökning (andel)"
    # What an older template says is still read.
    assert SCHEMA["parts"].column_named("Andel (andel)") == "share"
    assert SCHEMA["population"].column_named("Ålder (år) *") == "age"


def test_the_guide_says_where_amounts_are_signed(template: Path) -> None:
    guide = openpyxl.load_workbook(template)["Läs mig"]
    signs = next(r[0].value for r in guide.iter_rows() if "Belopp" in str(r[0].value))
    assert SCHEMA["statement"].label_sv in signs
    assert SCHEMA["adjustments"].label_sv in signs


def test_lists_to_choose_from_and_help_at_every_cell(template: Path) -> None:
    workbook = openpyxl.load_workbook(template)
    for spec in SCHEMA.values():
        rules = {
            str(rule.sqref).split(":")[0]: rule
            for rule in workbook[spec.label_sv].data_validations.dataValidation
        }
        for place, column in enumerate(spec.columns.values()):
            letter = openpyxl.utils.get_column_letter(place + 1)
            rule = rules[f"{letter}2"]
            assert rule.promptTitle
            assert rule.prompt
            assert len(rule.prompt) <= 255
            listed = bool(column.choices or column.ref or column.type == "bool")
            assert (rule.type == "list") == listed, (spec.name, column.name)


def test_a_drop_down_list_holds_the_labels_of_its_choices(template: Path) -> None:
    workbook = openpyxl.load_workbook(template)
    rules = workbook["Mål"].data_validations.dataValidation
    rule = next(r for r in rules if str(r.sqref).startswith("C2"))
    area = str(rule.formula1).split("!")[1].replace("$", "")

    labels = [row[0].value for row in workbook["Listor"][area]]

    assert labels == list(SCHEMA["goals"].columns["indicator"].choices.values())


def test_the_untouched_template_is_called_empty(template: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_underlag(template)

    (found,) = caught.value.issues
    assert found.code == "workbook_empty"
    assert f"{found.message} {found.remedy}" == "Mallen är tom. Fyll i den först."


def test_a_template_that_is_begun_names_what_remains(
    template: Path, tmp_path: Path
) -> None:
    workbook = openpyxl.load_workbook(template)
    workbook["Inställningar"]["B2"] = "Exempelby"
    workbook["Projekt"]["A2"], workbook["Projekt"]["B2"] = "skola", "Ny skola"
    workbook.save(tmp_path / "u.xlsx")

    tables, issues = read_underlag(tmp_path / "u.xlsx")

    assert issues == []
    assert tables["settings"]["key"] == list(SETTINGS)
    assert tables.settings["municipality_name"] == "Exempelby"
    assert tables["projects"]["project_id"] == ["skola"]
    assert tables["balance"]["amount"] == [None] * 10


def test_the_template_is_never_written_over_a_file(tmp_path: Path) -> None:
    (tmp_path / "u.xlsx").write_text("mitt")

    with pytest.raises(SourceError) as caught:
        write_template(tmp_path / "u.xlsx")

    assert caught.value.code == "out_exists"
    assert (tmp_path / "u.xlsx").read_text() == "mitt"


def test_the_reference_page_is_fresh() -> None:
    page = (ROOT / PAGE).read_text(encoding="utf-8")

    assert page == render_reference(), "kör python -m rodtrad.sources.reference"


def test_the_reference_page_names_every_column_setting_and_code() -> None:
    from rodtrad.domain.messages import MESSAGES

    page = render_reference()
    for spec in SCHEMA.values():
        for column in spec.columns:
            assert f"`{column}`" in page
    for name in [*SETTINGS, *(key.split(".")[0] for key in MESSAGES)]:
        assert f"`{name}`" in page
