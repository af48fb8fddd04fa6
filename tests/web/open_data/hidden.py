"""An underlag with a secret of every kind, each told by the same letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from web.public.conftest import public_data

if TYPE_CHECKING:
    from web.public.conftest import Data

# Each begins with the same letters, so that one search finds them all.
MARK: Final = "zqx"
PRIVATE: Final = ("zqxa", "zqxb", "zqxc")
PERSON: Final = "Eva Zqxlund"
MAIL: Final = "eva@hemligt.example"
PHONE: Final = "070-123 45 67"
NUMBER: Final = "19811218-9876"
SECRETS: Final = (MARK, MAIL, PHONE, NUMBER, "57.1234", "15.4321", "57,1234")


def _project(key: str, name: str, **more: Any) -> Data:
    one = {"project_id": key, "alternative_id": "a"}
    return {
        "projects": [{"project_id": key, "name": name, "quality": "antagande", **more}],
        "alternatives": [{**one, "name": "A", "build_years": 1}],
        "outlays": [{**one, "offset": 0, "outlay": 500.0}],
        "parts": [
            {**one, "component": "stomme", "share": 1.0, "useful_life_years": 40}
        ],
        "scores": [{**one, "criterion": "nytta", "score": 90.0}],
    }


def secret_data() -> Data:
    """An underlag with a secret of every kind."""
    data = public_data()
    data["assets"][0] |= {
        "name": f"{MARK} vattenverket",
        "lat": 57.1234,
        "lon": 15.4321,
    }
    data["components"][0] |= {"component": f"{MARK} ventil"}
    data["inspections"] = [
        {
            "asset_id": "skola_a",
            "component": f"{MARK} ventil",
            "year": 2024,
            "kind": "besiktning",
            "source": f"{MARK} svag punkt",
        }
    ]
    data["projects"][0] |= {
        "name": f"Norra skolan byggs om, fråga {PERSON} {PHONE}",
        "description": f"Fråga {PERSON}, {MAIL}, {PHONE}, född {NUMBER}.",
        "source": f"Kalkyl av {PERSON}, {MAIL}",
        "asset_id": "skola_a",
    }
    data["goals"][0]["name"] = f"Låg skuld enligt {MAIL}"
    # a person who is a resource, so scarce that reasons tell of it
    data.setdefault("resources", []).extend(
        {"resource": PERSON, "year": year, "available": 0.5}
        for year in range(2026, 2040)
    )
    data.setdefault("resource_use", []).append(
        {
            "project_id": "park",
            "alternative_id": "enkel",
            "resource": PERSON,
            "offset": 0,
            "amount": 0.9,
        }
    )
    data["projects"][1]["description"] = f"Klar. Beror på {MARK} affären zqxa. Bra."
    projects = [
        _project(
            "skydd",
            "Skyddsrum",
            driver="beredskap",
            lat=57.1234,
            lon=15.4321,
            description=f"{MARK} under torget",
            source=f"{MARK} rapport",
            must_do=True,
        ),
        *(
            _project(
                key,
                f"{MARK} affären {key}",
                public=False,
                must_do=True,
                description=f"{MARK} köp av marken",
                lat=57.1234,
                lon=15.4321,
            )
            for key in PRIVATE
        ),
    ]
    for part in projects:
        for name, rows in part.items():
            data.setdefault(name, []).extend(rows)
    for name in ("alternatives", "outlays", "parts", "scores"):
        for row in data[name]:
            if row["project_id"] == "skydd":
                row["source"] = f"{MARK} ritning"
                if name == "alternatives":
                    row["name"] = f"{MARK} i källaren"
                if name == "parts":
                    row["component"] = f"{MARK} valv"
    return data
