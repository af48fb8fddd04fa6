"""DESIGN Appendix A once more, written apart from the package, as an oracle for tests.

Answers: which figures follow from an underlag and a set of choices, and which choices
are best when every combination is tried? Plain floats, dicts and loops on records with
the canonical names of DESIGN 3; nothing of `rodtrad` is imported. Leaves out draws,
the run at the own completion rate (A13), viewpoints (A12) and every check of the data.

Units and signs are those of the tables: tkr; statement rows as printed (costs
negative); outlays, effects, depreciation and waiting costs positive.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Record = Mapping[str, Any]
Data = Mapping[str, Sequence[Record]]
Pick = tuple[str, str, int]  # project_id, alternative_id, start_year

LINES = ["ri", "rk", "ra", "rn", "rs", "rg", "rv", "fi", "fk", "re", "ex", "ar"]
BALANCE = [
    "fixed_assets",
    "financial_assets",
    "other_assets",
    "cash",
    "equity",
    "provisions",
    "loans",
    "other_liabilities",
    "pension_off_balance",
    "guarantees",
]
CASH_FLOW = [
    "lopande",
    "investering",
    "finansiering",
    "arets",
    "likvida_in",
    "likvida_ut",
]
BALANSKRAV = [
    "ar",
    "realisationsvinster",
    "undantag_vinst",
    "undantag_forlust",
    "orealiserat",
    "aterforing",
    "areb",
    "reservering",
    "anvandning",
    "bkr",
    "synnerliga_skal",
    "underskott_in",
    "att_reglera",
]
ADJUSTMENTS = BALANSKRAV[1:6]
INDICATORS = [
    "res_andel",
    "bkr_andel",
    "sol",
    "sol_pen",
    "sfg",
    "lan_inv",
    "nettolan",
    "inv_andel",
    "nka",
]
DEFAULT_LIFE_YEARS = 33
RUR_LAST_YEAR = 2033
TOLERANCE = 1e-9


class Reference:
    """The formulas for one underlag; `evaluate` gives the figures of a set of choices."""

    def __init__(self, data: Data) -> None:
        self.data = data
        self._read_settings()
        self._read_years()
        self._read_statement()
        self._read_balance()
        self._read_projects()
        self._read_goals()
        self._profiles: dict[Pick, dict[str, Any]] = {}
        self._waiting: dict[tuple[str, int | None], list[float]] = {}

    # ------------------------------------------------------------------ reading

    def rows(self, table: str) -> Sequence[Record]:
        return self.data.get(table) or []

    def _read_settings(self) -> None:
        values = {str(row["key"]): row.get("value") for row in self.rows("settings")}

        def setting(key: str, default: float) -> float:
            value = values.get(key)
            return default if value is None or value == "" else float(value)

        self.base_year = int(setting("base_year", 0))
        self.plan_start = int(setting("plan_start", self.base_year + 1))
        self.plan_end = int(setting("plan_end", 0))
        self.discount_rate = setting("discount_rate", 0.0)
        self.min_cash = setting("min_cash_tkr", 0.0)
        self.opening_resultatreserv = setting("resultatreserv_tkr", 0.0)
        self.opening_rur = setting("rur_tkr", 0.0)
        self.years = list(range(self.plan_start, self.plan_end + 1))

    def _read_years(self) -> None:
        rows = {int(row["year"]): row for row in self.rows("years")}
        self.population: dict[int, float] = {}
        self.interest: dict[int, float] = {}
        self.other_change: dict[int, float] = {}
        self.provisions_change: dict[int, float] = {}
        self.lasting: dict[int, float] = {}
        self.price = {self.base_year: 1.0}  # P
        self.construction = {self.base_year: 1.0}  # C
        self.tax_base = {self.base_year: 1.0}  # G
        lasting = 0.0
        for year in range(self.base_year, self.plan_end + 1):
            row = rows[year]
            self.population[year] = float(row["population"])
            self.interest[year] = number(row, "interest_rate")
            self.other_change[year] = number(row, "other_change_tkr")
            self.provisions_change[year] = number(row, "provisions_change_tkr")
            lasting += number(row, "lasting_change_tkr")
            self.lasting[year] = lasting
            if year > self.base_year:
                for index, column in (
                    (self.price, "cost_growth"),
                    (self.construction, "construction_growth"),
                    (self.tax_base, "tax_base_growth"),
                ):
                    index[year] = index[year - 1] * (1.0 + number(row, column))

    def _read_statement(self) -> None:
        given: dict[str, dict[int, float]] = {}
        for row in self.rows("statement"):
            given.setdefault(row["line"], {})[int(row["year"])] = float(row["amount"])
        existing = {int(row["year"]): row for row in self.rows("existing")}
        self.has_existing = bool(existing)
        self.old_outlay = [number(existing.get(t), "outlay_tkr") for t in self.years]
        self.old_income = [number(existing.get(t), "income_tkr") for t in self.years]
        self.old_resolved = [
            number(existing.get(t), "resolved_income_tkr") for t in self.years
        ]
        self.opening_lines = {
            line: given.get(line, {}).get(self.base_year, 0.0)
            for line in ("ri", "rk", "ra", "rs", "rg", "fi", "fk", "ex")
        }
        self.before: dict[str, list[float]] = {}  # lines before new projects
        for line in ("ri", "rk", "ra", "rs", "rg", "ex"):
            values = given.get(line, {})
            result = []
            for t in self.years:
                last = max((y for y in values if y <= t), default=self.base_year)
                level = values.get(last, 0.0)
                if line in ("rs", "rg"):
                    amount = (
                        level
                        * (self.population[t] / self.population[last])
                        * (self.tax_base[t] / self.tax_base[last])
                    )
                elif line in ("ri", "rk"):
                    amount = level * (self.price[t] / self.price[last])
                elif line == "ra":
                    amount = level
                    if t not in values and self.has_existing:
                        amount = -number(existing.get(t), "depreciation_tkr")
                else:
                    amount = values.get(t, 0.0)
                if line == "rk":
                    amount -= self.other_change[t]
                    amount -= self.lasting[t] * self.price[t]
                result.append(amount)
            self.before[line] = result
        self.base = [
            rs + rg for rs, rg in zip(self.before["rs"], self.before["rg"], strict=True)
        ]
        self.opening_base = self.opening_lines["rs"] + self.opening_lines["rg"]
        self.tolerance = TOLERANCE * abs(self.opening_base)

    def _read_balance(self) -> None:
        amounts = {row["line"]: float(row["amount"]) for row in self.rows("balance")}
        self.opening = {line: amounts.get(line, 0.0) for line in BALANCE}
        self.adjustments: dict[tuple[str, int], float] = {}
        for row in self.rows("adjustments"):
            key = (str(row["kind"]), int(row["year"]))
            amount = float(row["amount"])
            self.adjustments[key] = self.adjustments.get(key, 0.0) + amount
        self.adjusted = [
            sum(self.adjustments.get((kind, t), 0.0) for kind in ADJUSTMENTS)
            for t in self.years
        ]

    def _read_projects(self) -> None:
        self.projects = {row["project_id"]: row for row in self.rows("projects")}
        self.alternatives: dict[str, dict[str, Record]] = {p: {} for p in self.projects}
        for row in self.rows("alternatives"):
            project = self.alternatives.setdefault(row["project_id"], {})
            project[row["alternative_id"]] = row
        self.outlays: dict[tuple[str, str], list[tuple[int, float, float]]] = {}
        for row in self.rows("outlays"):
            self.outlays.setdefault(pair(row), []).append(
                (int(row["offset"]), number(row, "outlay"), number(row, "income"))
            )
        self.effects: dict[tuple[str, str], dict[int, float]] = {}
        for row in self.rows("effects"):
            offsets = self.effects.setdefault(pair(row), {})
            offsets[int(row["offset"])] = number(row, "operating")
        self.parts: dict[tuple[str, str], list[tuple[float, int | None]]] = {}
        for row in self.rows("parts"):
            life = row.get("useful_life_years")
            self.parts.setdefault(pair(row), []).append(
                (float(row["share"]), None if life in (None, "") else int(life))
            )
        total = sum(number(row, "weight") for row in self.rows("criteria"))
        weights = {
            row["criterion"]: number(row, "weight") / total
            for row in self.rows("criteria")
        }
        self.score: dict[tuple[str, str], float] = {}
        for row in self.rows("scores"):
            self.score[pair(row)] = self.score.get(pair(row), 0.0) + weights[
                row["criterion"]
            ] * float(row["score"])
        self.relations = [
            (
                str(row["kind"]),
                str(row["project_id"]),
                str(row["other_id"]),
                int(number(row, "lag_years")),
            )
            for row in self.rows("relations")
        ]
        self.available = {
            (str(row["resource"]), int(row["year"])): float(row["available"])
            for row in self.rows("resources")
        }
        self.use: dict[tuple[str, str], list[tuple[str, int, float]]] = {}
        for row in self.rows("resource_use"):
            self.use.setdefault(pair(row), []).append(
                (str(row["resource"]), int(row["offset"]), float(row["amount"]))
            )

    def _read_goals(self) -> None:
        self.goals: list[dict[str, Any]] = []
        for row in self.rows("goals"):
            first = row.get("from_year")
            last = row.get("to_year")
            first = self.plan_start if first is None else int(first)
            last = self.plan_end if last is None else int(last)
            first = max(first, self.plan_start)
            last = min(last, self.plan_end)
            period = str(row.get("period") or "year")
            length = 1
            if period.startswith("average:"):
                length = int(period.split(":")[1])
            windows = {
                end: [y - self.plan_start for y in range(end - length + 1, end + 1)]
                for end in range(first + length - 1, last + 1)
            }
            self.goals.append(
                {
                    "goal_id": row["goal_id"],
                    "name": row.get("name"),
                    "indicator": row["indicator"],
                    "operator": row["operator"],
                    "value": float(row["value"]),
                    "period": period,
                    "level": row.get("level") or "must",
                    "price": number(row, "price"),
                    "from_year": first,
                    "to_year": last,
                    "windows": windows,
                }
            )

    # ----------------------------------------------------------------- projects

    def earliest(self, project_id: str) -> int:
        year = self.projects[project_id].get("earliest_year")
        return self.plan_start if year is None else max(int(year), self.plan_start)

    def latest(self, project_id: str) -> int:
        year = self.projects[project_id].get("latest_year")
        return self.plan_end if year is None else int(year)

    def build_years(self, project_id: str, alternative_id: str) -> int:
        return int(self.alternatives[project_id][alternative_id]["build_years"])

    def last_use_year(self, project_id: str) -> int:
        """Last allowed first year in use."""
        project = self.projects[project_id]
        if project.get("must_do") and project.get("deadline_year") is not None:
            return min(self.plan_end, int(project["deadline_year"]))
        return self.plan_end

    def options(self, project_id: str) -> list[Pick]:
        """Every allowed alternative and start of one project."""
        found: list[Pick] = []
        for alternative_id in self.alternatives[project_id]:
            build = self.build_years(project_id, alternative_id)
            for start in range(self.earliest(project_id), self.latest(project_id) + 1):
                if start + build <= self.last_use_year(project_id):
                    found.append((project_id, alternative_id, start))
        return found

    def profile(self, pick: Pick) -> dict[str, Any]:
        """What one choice adds to each plan year (A2-A4), nominal tkr."""
        if pick in self._profiles:
            return self._profiles[pick]
        project_id, alternative_id, start = pick
        key = (project_id, alternative_id)
        alternative = self.alternatives[project_id][alternative_id]
        in_use = start + int(alternative["build_years"])
        years = self.years
        outlay = dict.fromkeys(years, 0.0)
        income = dict.fromkeys(years, 0.0)
        depreciation = dict.fromkeys(years, 0.0)
        resolved = dict.fromkeys(years, 0.0)
        operating = dict.fromkeys(years, 0.0)
        scrapped = dict.fromkeys(years, 0.0)
        fees = dict.fromkeys(years, 0.0)
        for offset, fixed_outlay, fixed_income in self.outlays.get(key, []):
            year = start + offset
            if year in outlay:
                outlay[year] += fixed_outlay * self.construction[year]
                income[year] += fixed_income * self.construction[year]
        for share, life in self.parts.get(key) or [(1.0, DEFAULT_LIFE_YEARS)]:
            if life is None:
                continue
            for year in years:
                first = max(in_use, year)
                for t in range(first, first + life):
                    if t in depreciation:
                        depreciation[t] += share * outlay[year] / life
                        resolved[t] += share * income[year] / life
        effects = self.effects.get(key, {})
        if effects:
            last = max(effects)
            for t in years:
                if t >= in_use:
                    fixed = effects.get(min(t - in_use, last), 0.0)
                    operating[t] = fixed * self.price[t]
        if in_use in scrapped:
            scrapped[in_use] = number(alternative, "scrapped")
        if self.projects[project_id].get("financing") == "taxa":
            book = 0.0  # acquisition − depreciation − unresolved income, end of t−1
            for t in years:
                if t >= in_use:
                    fees[t] = (
                        depreciation[t]
                        - resolved[t]
                        + operating[t]
                        + self.interest[t] * book
                    )
                book += outlay[t] - depreciation[t] - (income[t] - resolved[t])
        profile = {
            "in_use": in_use,
            "outlay": list(outlay.values()),
            "income": list(income.values()),
            "depreciation": list(depreciation.values()),
            "resolved": list(resolved.values()),
            "scrapped": list(scrapped.values()),
            "earned": [resolved[t] + fees[t] for t in years],
            "spent": [operating[t] + scrapped[t] for t in years],
            "value": self.value(pick),
        }
        self._profiles[pick] = profile
        return profile

    def waiting(self, project_id: str, in_use: int | None) -> list[float]:
        """Waiting cost per plan year (A3); `in_use` None = never chosen."""
        key = (project_id, in_use)
        if key not in self._waiting:
            fixed = number(self.projects[project_id], "waiting_cost")
            self._waiting[key] = [
                fixed * self.price[t]
                if t >= self.earliest(project_id) and (in_use is None or t < in_use)
                else 0.0
                for t in self.years
            ]
        return self._waiting[key]

    def timing(self, in_use: int) -> float:
        """`T(u)` of A8."""
        return sum(
            (1.0 + self.discount_rate) ** -(t - self.base_year)
            for t in range(in_use, self.plan_end + 20 + 1)
        )

    def value(self, pick: Pick) -> float:
        project_id, alternative_id, start = pick
        least = min(
            self.build_years(project_id, other)
            for other in self.alternatives[project_id]
        )
        best_in_use = self.earliest(project_id) + least
        in_use = start + self.build_years(project_id, alternative_id)
        factor = self.timing(in_use) / self.timing(best_in_use)
        return self.score.get((project_id, alternative_id), 0.0) * factor

    # --------------------------------------------------------------- statements

    def statements(self, picks: Sequence[Pick]) -> dict[str, list[float]]:
        """Every line of the statements per plan year (A1-A6), and the flows."""
        outlay, income = list(self.old_outlay), list(self.old_income)
        resolved = list(self.old_resolved)
        ri, rk, ra = (list(self.before[line]) for line in ("ri", "rk", "ra"))
        scrapped = [0.0 for _ in self.years]
        in_use: dict[str, int] = {}
        for pick in picks:
            profile = self.profile(pick)
            in_use[pick[0]] = profile["in_use"]
            outlay = plus(outlay, profile["outlay"])
            income = plus(income, profile["income"])
            resolved = plus(resolved, profile["resolved"])
            scrapped = plus(scrapped, profile["scrapped"])
            ri = plus(ri, profile["earned"])
            rk = minus(rk, profile["spent"])
            ra = minus(ra, profile["depreciation"])
        for project_id in self.projects:
            rk = minus(rk, self.waiting(project_id, in_use.get(project_id)))
        depreciation = [-amount for amount in ra]
        by_year: list[tuple[float, ...]] = []
        opening = self.opening
        fixed_assets = opening["fixed_assets"]
        equity = opening["equity"]
        provisions = opening["provisions"]
        other_liabilities = opening["other_liabilities"]
        loans = opening["loans"]
        cash = opening["cash"]
        net_loans = loans - (cash - self.min_cash)
        for i, t in enumerate(self.years):
            rs = self.before["rs"][i]
            rg = self.before["rg"][i]
            ex = self.before["ex"][i]
            rate = self.interest[t]
            change = self.provisions_change[t]
            rn = ri[i] + rk[i] + ra[i]
            rv = rn + rs + rg
            # N = N0 − (rv + ex + F + rest), F = −rate·(N0 + N)/2
            rest = (
                depreciation[i]
                - resolved[i]
                + scrapped[i]
                - outlay[i]
                + income[i]
                + change
            )
            next_loans = (net_loans * (1.0 + rate / 2.0) - rv - ex - rest) / (
                1.0 - rate / 2.0
            )
            financial = -rate * (net_loans + next_loans) / 2.0
            net_loans = next_loans
            fi = max(financial, 0.0)
            fk = min(financial, 0.0)
            re = rv + fi + fk
            ar = re + ex
            lopande = ar + depreciation[i] - resolved[i] + scrapped[i] + change
            investering = income[i] - outlay[i]
            loans_before, cash_before = loans, cash
            loans = max(net_loans, 0.0)
            cash = self.min_cash + max(-net_loans, 0.0)
            finansiering = loans - loans_before
            fixed_assets += outlay[i] - depreciation[i] - scrapped[i]
            equity += ar
            provisions += change
            other_liabilities += income[i] - resolved[i]
            by_year.append(
                (
                    *(ri[i], rk[i], ra[i], rn, rs, rg, rv, fi, fk, re, ex, ar),
                    fixed_assets,
                    opening["financial_assets"],
                    opening["other_assets"],
                    cash,
                    equity,
                    provisions,
                    loans,
                    other_liabilities,
                    opening["pension_off_balance"],
                    opening["guarantees"],
                    lopande,
                    investering,
                    finansiering,
                    lopande + investering + finansiering,
                    cash_before,
                    cash,
                )
            )
        lines = zip(*by_year, strict=True)
        result = {
            line: list(amounts)
            for line, amounts in zip(LINES + BALANCE + CASH_FLOW, lines, strict=True)
        }
        result["outlay"] = outlay
        result["income"] = income
        result["depreciation"] = depreciation
        result["resolved"] = resolved
        result["scrapped"] = scrapped
        result["areb"] = plus(result["ar"], self.adjusted)
        return result

    def balanskrav(self, books: Mapping[str, list[float]]) -> dict[str, Any]:
        """The investigation, the reserve and the deficits (A7)."""
        rows: dict[str, list[float]] = {key: [] for key in BALANSKRAV}
        rur = self.opening_rur
        reserve = self.opening_resultatreserv
        deficits: list[dict[str, Any]] = []
        for row in sorted(self.rows("deficits"), key=lambda row: int(row["year"])):
            restored = number(row, "restored")
            exempted = number(row, "exempted")
            due = row.get("due_year")
            deficits.append(
                {
                    "year": int(row["year"]),
                    "amount": float(row["amount"]),
                    "due_year": int(row["year"]) + 3 if due is None else int(due),
                    "restored": [{"year": self.base_year, "amount": restored}]
                    if restored
                    else [],
                    "exempted": exempted,
                    "left": float(row["amount"]) - restored - exempted,
                }
            )
        stock: dict[str, list[float]] = {"resultatreserv": [], "rur": [], "ceiling": []}
        areb = books["areb"]
        for i, t in enumerate(self.years):
            ar = books["ar"][i]
            carried_in = sum(row["left"] for row in deficits)
            # (i) use of the reserves: RUR first, to 2033
            given_use = self.adjustments.get(("anvandning", t))
            wanted = max(-areb[i], 0.0) if given_use is None else given_use
            from_rur = min(wanted, rur) if t <= RUR_LAST_YEAR else 0.0
            from_reserve = wanted - from_rur
            if given_use is None:
                from_reserve = min(from_reserve, reserve)
            used = from_rur + from_reserve
            rur -= from_rur
            reserve -= from_reserve
            # (ii) restoring; (iii) reserving
            ceiling = 0.05 * self.base[i]
            given_reservation = self.adjustments.get(("reservering", t))
            if given_reservation is None:
                left = areb[i] + used
                restored = self._restore(deficits, t, left)
                left -= restored
                net_equity = books["equity"][i] - books["pension_off_balance"][i]
                k = 0.02 if net_equity < 0 else 0.01
                lawful = max(0.0, min(ar, areb[i]) - k * self.base[i])
                reserved = min(
                    lawful, ceiling - reserve, left, self._goal_room(rows, areb, i)
                )
                reserved = max(reserved, 0.0)
            else:
                reserved = -given_reservation
                self._restore(deficits, t, areb[i] + used - reserved)
            reserve += reserved
            bkr = areb[i] - reserved + used
            # new deficit, exceptional reasons
            exempt = self.adjustments.get(("synnerliga_skal", t), 0.0)
            if bkr < 0:
                deficits.append(
                    {
                        "year": t,
                        "amount": -bkr,
                        "due_year": t + 3,
                        "restored": [],
                        "exempted": 0.0,
                        "left": -bkr,
                    }
                )
            pool = max(exempt, 0.0)
            own = [row for row in deficits if row["year"] == t]
            for deficit in own + [row for row in deficits if row["year"] != t]:
                part = min(pool, max(deficit["left"], 0.0))
                deficit["exempted"] += part
                deficit["left"] -= part
                pool -= part
            values = {
                "ar": ar,
                "areb": areb[i],
                "reservering": -reserved,
                "anvandning": used,
                "bkr": bkr,
                "synnerliga_skal": exempt,
                "underskott_in": -carried_in,
                "att_reglera": min(0.0, bkr + exempt - carried_in),
            }
            for kind in ADJUSTMENTS:
                values[kind] = self.adjustments.get((kind, t), 0.0)
            for key in BALANSKRAV:
                rows[key].append(values[key])
            stock["resultatreserv"].append(reserve)
            stock["rur"].append(rur)
            stock["ceiling"].append(ceiling)
        return {"rows": rows, "reserve": stock, "deficits": deficits}

    @staticmethod
    def _restore(deficits: list[dict[str, Any]], year: int, pool: float) -> float:
        """Restore the oldest deficits first; returns what was restored."""
        restored = 0.0
        for deficit in deficits:
            part = min(pool - restored, deficit["left"])
            if part > 0:
                deficit["restored"].append({"year": year, "amount": part})
                deficit["left"] -= part
                restored += part
        return restored

    def _goal_room(
        self, rows: Mapping[str, list[float]], areb: list[float], i: int
    ) -> float:
        """Most that may be reserved in year i before a `bkr_andel` goal is missed."""
        room = math.inf
        for goal in self.goals:
            if goal["indicator"] != "bkr_andel" or goal["operator"] != ">=":
                continue
            for window in goal["windows"].values():
                if i in window:
                    slack = -goal["value"] * sum(self.base[j] for j in window)
                    for j in window:
                        slack += rows["bkr"][j] if j < i else areb[j]
                    room = min(room, slack)
        return room

    # -------------------------------------------------------------------- goals

    def ratio_terms(
        self, indicator: str, books: Mapping[str, list[float]], bkr: list[float]
    ) -> tuple[list[float], list[float], float]:
        """Numerator and denominator per year, and the scale of the ratio (A9)."""
        span = range(len(self.years))
        assets = ("fixed_assets", "financial_assets", "other_assets", "cash")
        if indicator in ("sol", "sol_pen"):
            total = [sum(books[line][i] for line in assets) for i in span]
            memo = books["pension_off_balance"]
            off = memo if indicator == "sol_pen" else [0.0 for _ in span]
            return [books["equity"][i] - off[i] for i in span], total, 1.0
        if indicator == "sfg":
            own = [
                books["ar"][i] + books["depreciation"][i] - books["resolved"][i]
                for i in span
            ]
            return own, [books["outlay"][i] - books["income"][i] for i in span], 1.0
        if indicator == "lan_inv":
            return books["loans"], [self.population[t] for t in self.years], 1000.0
        if indicator == "res_andel":
            top = books["ar"]
        elif indicator == "bkr_andel":
            top = bkr
        elif indicator == "nettolan":
            top = [books["loans"][i] - books["cash"][i] for i in span]
        elif indicator == "inv_andel":
            top = [books["outlay"][i] - books["income"][i] for i in span]
        elif indicator == "nka":
            top = [-(books["rn"][i] + books["fi"][i] + books["fk"][i]) for i in span]
        else:
            raise ValueError(indicator)
        return top, self.base, 1.0

    def test_goal(
        self,
        goal: Mapping[str, Any],
        books: Mapping[str, list[float]],
        bkr: list[float],
    ) -> Iterator[tuple[int, bool, float | None, float]]:
        """For each window: its last year, met, ratio (None = missing), slack in tkr."""
        top, bottom, scale = self.ratio_terms(goal["indicator"], books, bkr)
        sign = 1.0 if goal["operator"] == ">=" else -1.0
        for end, window in goal["windows"].items():
            over = sum(top[i] for i in window)
            under = sum(bottom[i] for i in window)
            slack = sign * (over - goal["value"] / scale * under)
            ratio = scale * over / under if under > 0 else None
            yield end, slack >= -self.tolerance, ratio, slack

    def worth(self, picks: Sequence[Pick]) -> float:
        """What the projects give, goals apart (A8)."""
        value: float = sum(self.profile(pick)["value"] for pick in picks)
        return value

    def judge(
        self, picks: Sequence[Pick], books: Mapping[str, list[float]]
    ) -> tuple[float, list[dict[str, Any]], list[dict[str, Any]]]:
        """Objective (A8), misses of aim goals and violated must goals."""
        penalty = 0.0
        misses = []
        violations = []
        for goal in self.goals:
            tests = self.test_goal(goal, books, books["areb"])
            if goal["level"] == "must":
                for end, met, _, slack in tests:
                    if not met:
                        violations.append(
                            {
                                "kind": "goal",
                                "id": goal["goal_id"],
                                "year": end,
                                "amount": -slack,
                            }
                        )
                continue
            unit = 1.0 if goal["indicator"] == "lan_inv" else 100.0
            sign = 1.0 if goal["operator"] == ">=" else -1.0
            per_year = [0.0 for _ in self.years]
            for end, _, ratio, _ in tests:
                if ratio is not None:
                    gap = sign * (goal["value"] - ratio) * unit
                    per_year[end - self.plan_start] = max(0.0, gap)
            goal_penalty = goal["price"] * sum(per_year)
            penalty += goal_penalty
            misses.append(
                {"goal_id": goal["goal_id"], "miss": per_year, "penalty": goal_penalty}
            )
        return self.worth(picks) - penalty, misses, violations

    # ---------------------------------------------------------------- structure

    def structure_violations(self, picks: Sequence[Pick]) -> list[dict[str, Any]]:
        """What the choices break before any statement is made (A11, DESIGN 3)."""
        found: list[dict[str, Any]] = []

        def add(kind: str, name: str, year: int | None = None, **more: Any) -> None:
            found.append({"kind": kind, "id": name, "year": year, **more})

        start: dict[str, int] = {}
        in_use: dict[str, int] = {}
        for project_id, alternative_id, year in picks:
            if project_id in start:
                add("choice", project_id, year)
            if alternative_id not in self.alternatives.get(project_id, {}):
                add("choice", project_id, year)
                continue
            start[project_id] = year
            in_use[project_id] = year + self.build_years(project_id, alternative_id)
            if not self.earliest(project_id) <= year <= self.latest(project_id):
                add("window", project_id, year)
            if in_use[project_id] > self.plan_end:
                add("window", project_id, in_use[project_id])
        for project_id, project in self.projects.items():
            if project.get("must_do"):
                used = in_use.get(project_id)
                if used is None or used > self.last_use_year(project_id):
                    add("must_do", project_id, used)
        for kind, project_id, other_id, lag in self.relations:
            if not self.relation_holds(kind, project_id, other_id, lag, start, in_use):
                add("relation", f"{kind}/{project_id}/{other_id}")
        for (resource, year), needed, available in self.resource_totals(picks):
            if needed > available + TOLERANCE * max(1.0, abs(available)):
                add("resource", resource, year, amount=needed - available)
        return found

    @staticmethod
    def relation_holds(
        kind: str,
        project_id: str,
        other_id: str,
        lag: int,
        start: Mapping[str, int],
        in_use: Mapping[str, int],
    ) -> bool:
        if kind == "requires":
            if project_id not in start:
                return True
            return other_id in in_use and start[project_id] >= in_use[other_id] + lag
        if kind == "excludes":
            return not (project_id in start and other_id in start)
        if kind == "together":
            return (project_id in start) == (other_id in start)
        raise ValueError(kind)

    def resource_totals(
        self, picks: Sequence[Pick]
    ) -> Iterator[tuple[tuple[str, int], float, float]]:
        used = dict.fromkeys(self.available, 0.0)
        for project_id, alternative_id, start in picks:
            for resource, offset, amount in self.use.get(
                (project_id, alternative_id), []
            ):
                if (resource, start + offset) in used:
                    used[resource, start + offset] += amount
        for key, available in self.available.items():
            yield key, used[key], available

    # ------------------------------------------------------------------- report

    def evaluate(
        self, choices: Sequence[Pick] | Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        """Every figure of DESIGN 7 for the choices; see the module function."""
        picks = sorted(read_pick(choice) for choice in choices)
        books = self.statements(picks)
        law = self.balanskrav(books)
        bkr = law["rows"]["bkr"]
        objective, misses, goal_violations = self.judge(picks, books)
        violations = self.structure_violations(picks) + goal_violations
        goals = []
        for goal in self.goals:
            met: list[bool | None] = [None for _ in self.years]
            margin: list[float | None] = [None for _ in self.years]
            actual: list[float | None] = [None for _ in self.years]
            sign = 1.0 if goal["operator"] == ">=" else -1.0
            for end, holds, ratio, _ in self.test_goal(goal, books, bkr):
                i = end - self.plan_start
                met[i] = holds
                actual[i] = ratio
                margin[i] = None if ratio is None else sign * (ratio - goal["value"])
            shown = {k: v for k, v in goal.items() if k not in ("windows", "price")}
            goals.append({**shown, "met": met, "margin": margin, "actual": actual})
        return {
            "years": list(self.years),
            "choices": [
                {
                    "project_id": pick[0],
                    "alternative_id": pick[1],
                    "start_year": pick[2],
                    "in_use_year": self.profile(pick)["in_use"],
                }
                for pick in picks
            ],
            "statement": {line: books[line] for line in LINES},
            "balance": {line: books[line] for line in BALANCE},
            "cash_flow": {line: books[line] for line in CASH_FLOW},
            "balanskrav": law["rows"],
            "reserve": law["reserve"],
            "deficits": law["deficits"],
            "indicators": self.indicators(books, bkr),
            "goals": goals,
            "room": self.room(books),
            "objective": objective,
            "value": {
                "total": objective,
                "projects": self.worth(picks),
                "aim_penalty": sum(miss["penalty"] for miss in misses),
            },
            "aims": misses,
            "violations": violations,
            "feasible": not violations,
            "flows": {
                key: books[key]
                for key in ("outlay", "income", "depreciation", "resolved", "scrapped")
            },
        }

    def indicators(
        self, books: Mapping[str, list[float]], bkr: list[float]
    ) -> dict[str, list[float | None]]:
        result: dict[str, list[float | None]] = {}
        for key in INDICATORS:
            top, bottom, scale = self.ratio_terms(key, books, bkr)
            result[key] = [
                scale * over / under if under > 0 else None
                for over, under in zip(top, bottom, strict=True)
            ]
        return result

    def room(self, books: Mapping[str, list[float]]) -> dict[str, list[Any]]:
        """Room for investment, three ways (A10)."""
        own_funds = [
            books["ar"][i]
            + books["depreciation"][i]
            - books["resolved"][i]
            - books["outlay"][i]
            + books["income"][i]
            for i in range(len(self.years))
        ]
        debt: list[float | None] = []
        target: list[float | None] = []
        binding: list[str] = []
        for i, t in enumerate(self.years):
            debt_slack: list[float] = []
            result_slack: list[float] = []
            for goal in self.goals:
                slacks = [
                    slack
                    for end, _, _, slack in self.test_goal(goal, books, books["areb"])
                    if end >= t
                ]
                if goal["indicator"] in ("lan_inv", "nettolan"):
                    debt_slack += slacks
                elif (
                    goal["indicator"] in ("res_andel", "bkr_andel")
                    and goal["operator"] == ">="
                ):
                    result_slack += slacks
            debt.append(min(debt_slack) if debt_slack else None)
            yearly_cost = 1.0 / 33.0 + self.interest[t]
            target.append(min(result_slack) / yearly_cost if result_slack else None)
            least, name = own_funds[i], "own_funds"
            for amount, other in (
                (debt[i], "debt_ceiling"),
                (target[i], "result_target"),
            ):
                if amount is not None and amount < least:
                    least, name = amount, other
            binding.append(name)
        return {
            "own_funds": own_funds,
            "debt_ceiling": debt,
            "result_target": target,
            "binding": binding,
        }

    # -------------------------------------------------------------- enumeration

    def count_plans(self) -> int:
        """Number of combinations of (none or an alternative and start) per project."""
        count = 1
        for project_id in self.projects:
            count *= len(self.options(project_id)) + 1
        return count

    def plans(self) -> Iterator[list[Pick]]:
        """Every combination that keeps must-dos, windows, relations and resources."""
        order = sorted(self.projects)
        choices: list[list[Pick | None]] = []
        for project_id in order:
            options: list[Pick | None] = [*self.options(project_id)]
            if not self.projects[project_id].get("must_do"):
                options.append(None)
            choices.append(options)
        position = {project_id: i for i, project_id in enumerate(order)}
        due: dict[int, list[tuple[str, str, str, int]]] = {}
        for relation in self.relations:
            depth = max(position[relation[1]], position[relation[2]])
            due.setdefault(depth, []).append(relation)
        monotone = all(
            amount >= 0 for rows in self.use.values() for _, _, amount in rows
        )

        def fits(picks: list[Pick]) -> bool:
            return all(
                used <= available + TOLERANCE * max(1.0, abs(available))
                for _, used, available in self.resource_totals(picks)
            )

        def walk(depth: int, picks: list[Pick]) -> Iterator[list[Pick]]:
            if depth == len(order):
                if monotone or fits(picks):
                    yield list(picks)
                return
            for pick in choices[depth]:
                taken = picks if pick is None else [*picks, pick]
                if due.get(depth):
                    start = {p: s for p, _, s in taken}
                    in_use = {p: s + self.build_years(p, a) for p, a, s in taken}
                    if not all(
                        self.relation_holds(*relation, start, in_use)
                        for relation in due[depth]
                    ):
                        continue
                if monotone and self.available and pick and not fits(taken):
                    continue
                yield from walk(depth + 1, taken)

        yield from walk(0, [])


def number(row: Record | None, column: str, default: float = 0.0) -> float:
    """The value of an optional column; blank or missing gives the default."""
    value = None if row is None else row.get(column)
    return default if value is None or value == "" else float(value)


def plus(one: list[float], other: list[float]) -> list[float]:
    return [a + b for a, b in zip(one, other, strict=True)]


def minus(one: list[float], other: list[float]) -> list[float]:
    return [a - b for a, b in zip(one, other, strict=True)]


def pair(row: Record) -> tuple[str, str]:
    return str(row["project_id"]), str(row["alternative_id"])


def read_pick(choice: Pick | Mapping[str, Any]) -> Pick:
    if isinstance(choice, Mapping):
        return (
            str(choice["project_id"]),
            str(choice["alternative_id"]),
            int(choice["start_year"]),
        )
    return choice


def evaluate(
    data: Data, choices: Sequence[Pick] | Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Every figure of plan.json (DESIGN 7) that follows from underlag and choices.

    `choices` holds (project_id, alternative_id, start_year) or records with these keys.
    Keys besides those of plan.json: `objective`, `feasible`, `violations` (records of
    kind `goal relation resource must_do window choice`, id and year) and `flows`
    (outlay, income, depreciation, resolved, scrapped: `existing` and projects).
    """
    return Reference(data).evaluate(choices)


def enumerate_best(
    data: Data, limit: int = 20_000
) -> tuple[float | None, list[list[Pick]], int]:
    """The best objective, every plan that reaches it, and the number of plans tried.

    The objective is None when no plan is feasible. Plans that break must-dos, windows,
    relations or resources are left out before any statement is made and are not
    counted. ValueError if there are more than `limit` combinations.
    """
    reference = Reference(data)
    combinations = reference.count_plans()
    if combinations > limit:
        raise ValueError(f"{combinations} combinations, more than {limit}")
    best = -math.inf
    found: list[tuple[float, list[Pick]]] = []
    count = 0
    for picks in reference.plans():
        count += 1
        # what is missed of a goal only lowers it
        if reference.worth(picks) < best - TOLERANCE * (1.0 + abs(best)):
            continue
        objective, _, violations = reference.judge(picks, reference.statements(picks))
        if violations:
            continue
        best = max(best, objective)
        found.append((objective, picks))
    if not found:
        return None, [], count
    margin = TOLERANCE * (1.0 + abs(best))
    return best, [picks for value, picks in found if value >= best - margin], count
