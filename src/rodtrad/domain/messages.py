"""What does `rodtrad check` say? Every code with its severity, message and remedy.

One place for the sentences of TEXT 4, so that the same fault has the same code and
words in every table. Leaves out where a fault is found (cells, checks, sources) and
how its place is shown (cli, publish): the renderer puts the place first.

A variant has its own key (`cell_not_number.whole`) and shows as the code before the
full stop. Slots are filled by `issue`; the caller formats numbers and years.
"""

from __future__ import annotations

from typing import Final

from rodtrad.domain.words import _
from rodtrad.errors import Issue, Severity

_SEVERITY: Final[dict[str, Severity]] = {"F": "error", "V": "warning", "U": "note"}

MESSAGES: Final[dict[str, tuple[str, str, str]]] = {
    # ------------------------------------------------------------ files
    "file_missing": (
        "F",
        _("Filen {file} finns inte."),
        _("Kontrollera namn och mapp."),
    ),
    "file_missing.folder": (
        "F",
        _("Mappen {file} innehåller inga CSV-filer med underlag."),
        _("Välj en annan mapp, eller läs in en arbetsbok (.xlsx)."),
    ),
    "file_not_excel": (
        "F",
        _("Filen {file} är inte en Excelfil, trots namnet."),
        _("Spara som arbetsbok (.xlsx) i Excel eller LibreOffice."),
    ),
    "file_not_excel.other": (
        "F",
        _("Filen {file} är varken en arbetsbok eller en CSV-mapp."),
        _("Spara som arbetsbok (.xlsx) i Excel eller LibreOffice."),
    ),
    "file_encrypted": (
        "F",
        _("Filen är skyddad med lösenord och går inte att läsa."),
        _("Ta bort lösenordet och spara igen."),
    ),
    "file_truncated": (
        "F",
        _("Filen är avklippt: slutet saknas."),
        _("Hämta eller spara filen på nytt."),
    ),
    "file_truncated.damaged": (
        "F",
        _("Filen är skadad och går inte att läsa."),
        _("Hämta eller spara filen på nytt."),
    ),
    "file_too_big": (
        "F",
        _("Filen är {mb} MB. Gränsen är {max} MB."),
        _("Ta bort bilder och tomma rader, eller läs in en CSV-mapp."),
    ),
    "file_unreadable": (
        "F",
        _("Filen {file} går inte att läsa: {why}."),
        _("Stäng den i andra program och kontrollera att du får läsa den."),
    ),
    "workbook_empty": (
        "F",
        _("Arbetsboken har inga uppgifter."),
        _("Börja från mallen: `rodtrad new FIL.xlsx`."),
    ),
    "workbook_empty.folder": (
        "F",
        _("Mappen har inga uppgifter."),
        _("Börja från mallen: `rodtrad new FIL.xlsx`."),
    ),
    "workbook_empty.template": (
        "F",
        _("Mallen är tom."),
        _("Fyll i den först."),
    ),
    "sheet_missing": (
        "F",
        _("Bladet {sheet} saknas. Utan det går planen inte att räkna."),
        _("Lägg till bladet; mallen visar kolumnerna."),
    ),
    "sheet_unknown": (
        "V",
        _("Bladet {sheet} läses inte."),
        _("Menade du {guess}? Annars kan det stå kvar."),
    ),
    "sheet_unknown.no_guess": (
        "V",
        _("Bladet {sheet} läses inte."),
        _("Inget behöver göras om det ska stå kvar."),
    ),
    "sheet_duplicate": (
        "F",
        _("Både {a} och {b} läses som bladet {sheet}."),
        _("Behåll ett av dem."),
    ),
    "column_missing": (
        "F",
        _("Kolumnen {column} saknas."),
        _("Lägg till rubriken {column} på rad 1."),
    ),
    "column_unknown": (
        "V",
        _("Kolumnen {column} läses inte."),
        _("Menade du {guess}?"),
    ),
    "column_unknown.no_guess": (
        "V",
        _("Kolumnen {column} läses inte."),
        _("Inget behöver göras om den ska stå kvar."),
    ),
    "column_duplicate": (
        "F",
        _("Kolumnen {column} finns två gånger."),
        _("Behåll en av dem."),
    ),
    "row_long": (
        "F",
        _("Raden har {n} celler, men rubrikraden har {m}."),
        _("Skriv tal med punkt, eller använd semikolon mellan cellerna."),
    ),
    "csv_encoding": (
        "U",
        _(
            "Filen är läst som {encoding}, inte UTF-8. "
            "Tecknen å, ä och ö är kontrollerade."
        ),
        _("Spara helst som UTF-8."),
    ),
    "csv_unreadable": (
        "F",
        _("Tecknen i filen går inte att tyda (rad {row}: {text})."),
        _("Spara som UTF-8."),
    ),
    # ------------------------------------------------------------ cells
    "cell_required": ("F", _("Värde saknas."), _("Fyll i {column}.")),
    "cell_not_number": (
        "F",
        _("”{value}” är inte ett tal."),
        _("Skriv bara siffror, till exempel 12500 eller 12500,5."),
    ),
    "cell_not_number.whole": (
        "F",
        _("”{value}” är inte ett helt tal."),
        _("Skriv ett helt tal, till exempel 3."),
    ),
    "cell_reformatted": (
        "U",
        _("”{value}” är läst som {number} (decimalkomma eller mellanrum)."),
        _("Inget behöver göras."),
    ),
    "cell_ambiguous": (
        "F",
        _("”{value}” kan vara {a} eller {b}."),
        _("Skriv utan tusentalsavgränsare."),
    ),
    "cell_date_for_year": (
        "V",
        _("Datumet {value} är läst som året {year}."),
        _("Skriv året med fyra siffror."),
    ),
    "cell_not_year": (
        "F",
        _("”{value}” är inte ett årtal."),
        _("Skriv fyra siffror, till exempel 2029."),
    ),
    "cell_negative": (
        "F",
        _("{value} är negativt. Här anges belopp som positiva tal."),
        _("Ta bort minustecknet; inkomster har en egen kolumn."),
    ),
    "cell_range": (
        "F",
        _("{value} ligger utanför {min}–{max}."),
        _("Rätta värdet."),
    ),
    "cell_percent": (
        "F",
        _("{value} betyder {as_percent}. Menade du {guess}?"),
        _("Skriv andelar som 0,02 eller 2 %."),
    ),
    "cell_percent.high": (
        "V",
        _("{value} betyder {as_percent}. Menade du {guess}?"),
        _("Skriv andelar som 0,02 eller 2 %."),
    ),
    "cell_choice": (
        "F",
        _("”{value}” är inte ett av valen: {choices}."),
        _("Välj i listan."),
    ),
    "cell_word": (
        "U",
        _("”{value}” finns inte i listan och visas som det står."),
        _("Inget behöver göras. I listan finns {choices}."),
    ),
    "cell_formula_error": (
        "F",
        _("Cellen visar {value} i Excel."),
        _("Rätta formeln eller skriv värdet."),
    ),
    "cell_formula_text": (
        "U",
        _(
            "Texten börjar med {char} och skrivs som text, aldrig som formel, "
            "i våra filer."
        ),
        _("Inget behöver göras."),
    ),
    "cell_too_long": (
        "F",
        _("Texten har {n} tecken. En cell i Excel rymmer högst {max}."),
        _("Korta texten, eller lägg den i ett eget dokument."),
    ),
    "unit_magnitude": (
        "V",
        _(
            "{amount} tkr är {per} kronor per invånare. "
            "Det är ovanligt mycket; enheten kan vara fel."
        ),
        _("Ange tkr: 1 mkr = 1 000."),
    ),
    "unit_magnitude.low": (
        "V",
        _(
            "{amount} tkr är {per} kronor per invånare. "
            "Det är ovanligt lite; enheten kan vara fel."
        ),
        _("Ange tkr: 1 mkr = 1 000."),
    ),
    # ------------------------------------------------------------ ids and rows
    "id_duplicate": (
        "F",
        _("Id ”{id}” finns på raderna {a} och {b}."),
        _("Ge en av dem ett nytt id."),
    ),
    "id_characters": (
        "F",
        _("Id ”{id}” har tecken som inte kan användas: {chars}."),
        _("Använd bokstäver, siffror, - och _."),
    ),
    "id_folded": (
        "F",
        _("”{a}” och ”{b}” blir samma id när å, ä och ö skrivs om."),
        _("Byt namn på ett av dem."),
    ),
    "ref_orphan": (
        "F",
        _("”{id}” finns inte på bladet {sheet}."),
        _("Lägg till raden där, eller rätta id här."),
    ),
    "ref_orphan.guess": (
        "F",
        _("”{id}” finns inte på bladet {sheet}."),
        _("Lägg till raden där, eller rätta id här. Menade du {guess}?"),
    ),
    "row_duplicate": (
        "F",
        _("Raden säger samma sak som rad {row} men med annat värde."),
        _("Behåll en av dem."),
    ),
    "row_duplicate.same": (
        "F",
        _("Raden är likadan som rad {row}."),
        _("Behåll en av dem."),
    ),
    # ------------------------------------------------------------ years
    "years_gap": (
        "F",
        _("Åren {ys} saknas. Varje år från {y1} till {y2} behövs."),
        _("Lägg till raderna."),
    ),
    "years_gap.one": (
        "F",
        _("Året {ys} saknas. Varje år från {y1} till {y2} behövs."),
        _("Lägg till raden."),
    ),
    "base_year": (
        "F",
        _(
            "Planens första år är {y}, men basåret är {b}. "
            "Planen börjar alltid året efter basåret."
        ),
        _(
            "Ändra ett av dem. Är {b1} inte avslutat, ange prognosen och kvaliteten "
            "antagande."
        ),
    ),
    "plan_years": (
        "F",
        _("Planens sista år är {y2}, men det första är {y1}."),
        _("Byt eller rätta åren."),
    ),
    "plan_years.long": (
        "F",
        _("Planen är {n} år. Den kan vara högst {max} år."),
        _("Rätta planens sista år."),
    ),
    "year_outside": (
        "V",
        _("{y} ligger utanför planen ({y1}–{y2}) och används inte."),
        _("Ta bort raden eller förläng planen på bladet Inställningar."),
    ),
    # ------------------------------------------------------------ projects
    "window_empty": (
        "F",
        _("Tidigaste start ({a}) ligger efter senaste start ({b})."),
        _("Byt eller rätta åren."),
    ),
    "window_empty.past": (
        "V",
        _("Senaste start {b} ligger före planens första år. Det kan aldrig ingå."),
        _("Ändra senaste start, eller ta bort projektet."),
    ),
    "window_early": (
        "U",
        _("Tidigaste start {a} är läst som {y}, planens första år."),
        _("Inget behöver göras."),
    ),
    "in_use_after_end": (
        "F",
        _(
            "Med start {a} och byggtiden {n} år är projektet i bruk {u}, "
            "men planen slutar {y2}."
        ),
        _("Tidigarelägg start eller förläng planen."),
    ),
    "in_use_after_end.project": (
        "V",
        _(
            "Med start {a} och byggtiden {n} år är projektet i bruk {u}, "
            "men planen slutar {y2}. Det kan aldrig ingå."
        ),
        _("Tidigarelägg start eller förläng planen."),
    ),
    "in_use_after_end.alternative": (
        "V",
        _(
            "Med start {a} och byggtiden {n} år är alternativet i bruk {u}, "
            "men planen slutar {y2}. Det kan aldrig väljas."
        ),
        _("Tidigarelägg start eller förläng planen."),
    ),
    "must_do_late": (
        "F",
        _(
            "Projektet är tvingande och ska vara i bruk senast {d}, "
            "men blir det tidigast {u}."
        ),
        _("Ändra året, starten eller byggtiden."),
    ),
    "must_do_unaffordable": (
        "F",
        _("Det tvingande projektet bryter målet {g} {ys}, även om inget annat görs."),
        _("Ändra målet eller projektet, eller lägg till ett billigare alternativ."),
    ),
    "project_unaffordable": (
        "V",
        _(
            "Projektet bryter målet {g} {ys}, även om inget annat görs. "
            "Det kan aldrig ingå."
        ),
        _("Se över utgiften, eller lägg till ett alternativ."),
    ),
    "project_no_alternative": (
        "F",
        _("Projektet har inget alternativ."),
        _("Lägg till minst ett på bladet Alternativ."),
    ),
    "alternative_no_outlay": (
        "V",
        _("Alternativet har inga utgifter."),
        _("Lägg till minst år 0 på bladet Utgifter; 0 går bra."),
    ),
    "offset_hole.outlays": (
        "F",
        _("Åren från start är {list}. De ska börja på 0 och följa varandra."),
        _("Lägg till en rad för år {missing} med utgiften 0."),
    ),
    "offset_hole.outlays_many": (
        "F",
        _("Åren från start är {list}. De ska börja på 0 och följa varandra."),
        _("Lägg till rader för åren {missing} med utgiften 0."),
    ),
    "offset_hole.effects": (
        "F",
        _("Åren från ibruktagande är {list}. De ska börja på 0 och följa varandra."),
        _("Lägg till en rad för år {missing} med ändrad driftkostnad 0."),
    ),
    "offset_hole.effects_many": (
        "F",
        _("Åren från ibruktagande är {list}. De ska börja på 0 och följa varandra."),
        _("Lägg till rader för åren {missing} med ändrad driftkostnad 0."),
    ),
    "offset_hole.resource_use": (
        "F",
        _("Åren från start är {list}. De ska börja på 0 och följa varandra."),
        _("Lägg till en rad för år {missing} med åtgången 0."),
    ),
    "offset_hole.resource_use_many": (
        "F",
        _("Åren från start är {list}. De ska börja på 0 och följa varandra."),
        _("Lägg till rader för åren {missing} med åtgången 0."),
    ),
    "parts_sum": (
        "F",
        _("Delarna är tillsammans {sum}. De ska bli 1."),
        _("Rätta andelarna."),
    ),
    "life_zero": (
        "F",
        _(
            "Nyttjandeperioden är {n}. "
            "Den ska vara minst 1 helt år; lämna tomt för mark."
        ),
        _("Rätta."),
    ),
    "nira_sum": (
        "F",
        _("Andelarna i {value} blir {sum} procent."),
        _("Ange till exempel N60 R40."),
    ),
    "nira_sum.form": (
        "F",
        _("{value} går inte att läsa som investeringsslag."),
        _("Ange till exempel N60 R40."),
    ),
    "score_missing": (
        "F",
        _(
            "Betyg saknas för {criterion}. Alla alternativ behöver ett betyg per kriterium."
        ),
        _("Fyll i 0–100."),
    ),
    "score_order": (
        "F",
        _("Betyget {score} ligger inte mellan lägst {low} och högst {high}."),
        _("Rätta ett av dem."),
    ),
    "weights_zero": (
        "F",
        _("Kriteriernas vikter är tillsammans 0. Då går nyttan inte att räkna."),
        _("Ange minst en vikt över 0."),
    ),
    # ------------------------------------------------------------ viewpoints
    "viewpoint_empty": (
        "F",
        _("Villkoren i synsättet {v} går inte ihop: {list}."),
        _("Mildra ett av dem."),
    ),
    # ------------------------------------------------------------ relations
    "relation_self": (
        "F",
        _("Projektet har samband med sig självt."),
        _("Ta bort raden."),
    ),
    "relation_cycle": (
        "F",
        _("Sambanden bildar en ring: {chain}. Inget av projekten kan starta först."),
        _("Ta bort ett av sambanden."),
    ),
    "relation_conflict": (
        "F",
        _("Projektet {p} både kräver och utesluter projektet {q}."),
        _("Ta bort ett av sambanden."),
    ),
    "relation_conflict.together": (
        "F",
        _("Projektet {p} både hör ihop med och utesluter projektet {q}."),
        _("Ta bort ett av sambanden."),
    ),
    "relation_must": (
        "F",
        _("De tvingande projekten {p} och {q} utesluter varandra."),
        _("Ändra det ena."),
    ),
    # ------------------------------------------------------------ goals
    "goal_operator": (
        "F",
        _("För {indicator} går det bara att sätta ett högsta värde."),
        _("Ändra till högst."),
    ),
    "goal_average": (
        "F",
        _("Genomsnitt för {n} år kräver minst {n} år; målet gäller {m}."),
        _("Förläng målet eller korta genomsnittet."),
    ),
    "goal_price": (
        "F",
        _("Målet bör nås men saknar nyttopoäng per enhet."),
        _("Ange ett tal över 0, eller välj måste hållas."),
    ),
    "goal_years": (
        "F",
        _("Målet gäller från {a} till {b}. Första året ska komma först."),
        _("Byt eller rätta åren."),
    ),
    # ------------------------------------------------------------ money
    "statement_line": (
        "F",
        _("Raden {line} saknas för {y}."),
        _("Lägg till den; 0 går bra."),
    ),
    "balance_line": (
        "F",
        _("Raden {line} saknas."),
        _("Lägg till den; 0 går bra."),
    ),
    "sign_odd": (
        "V",
        _("{line} är {amount}. Kostnader anges negativa och intäkter positiva."),
        _("Kontrollera tecknet."),
    ),
    "sign_odd.balance": (
        "V",
        _("{line} är {amount}. Tillgångar och skulder anges som positiva tal."),
        _("Kontrollera tecknet."),
    ),
    "balance_open": (
        "F",
        _(
            "Tillgångarna är {a} och skulder plus eget kapital {b}. "
            "Skillnaden är {d} tkr."
        ),
        _("Rätta raderna; de ska vara lika."),
    ),
    "deficit_due": (
        "V",
        _("Underskottet från {y} skulle ha varit återställt {due}. {kr} återstår."),
        _("Kontrollera, eller ange vad som inte behöver återställas."),
    ),
    "deficit_sum": (
        "F",
        _("Återställt och undantaget är {a}, mer än underskottet {b}."),
        _("Rätta beloppen."),
    ),
    "resource_short": (
        "V",
        _(
            "Projektet behöver {a} av {resource} {ys}, men högst {b} finns. "
            "Det kan aldrig ingå."
        ),
        _("Ändra åtgången eller tillgången."),
    ),
    # ------------------------------------------------------------ assets, people
    "asset_year": (
        "V",
        _("Byggåret saknas. Anläggningens ålder blir osäker."),
        _("Fyll i byggåret."),
    ),
    "asset_year.future": (
        "V",
        _("Byggåret {y} är efter basåret {base}. Behovet räknas först därifrån."),
        _("Kontrollera året, eller låt det stå om den är beslutad."),
    ),
    "condition_scale": (
        "F",
        _("Skicket {value} finns inte på skalan {scale}."),
        _("Välj ett av {choices}."),
    ),
    "condition_scale.unknown": (
        "V",
        _("Skalan {scale} är inte känd. Skicket används inte, bara åldern."),
        _("Välj en av {choices}."),
    ),
    "condition_scale.blank": (
        "V",
        _("Skicket {value} saknar skala. Det används inte, bara åldern."),
        _("Ange skalan på bladet Anläggningar."),
    ),
    "asset_year.assumed": (
        "V",
        _(
            "Byggåret saknas för {c}. Den räknas som byggd {y}, halvvägs genom sin "
            "livslängd: ett antagande."
        ),
        _("Fyll i byggåret."),
    ),
    "component_year": (
        "V",
        _(
            "Insatt år saknas för {c}, och byggåret också. Den räknas som insatt {y}, "
            "halvvägs genom sin livslängd: ett antagande."
        ),
        _("Fyll i ett av åren."),
    ),
    "component_year.asset": (
        "U",
        _(
            "Insatt år saknas för {c}. Den räknas från anläggningens byggår {y}: ett "
            "antagande."
        ),
        _("Fyll i året om delen har bytts ut."),
    ),
    "component_year.future": (
        "V",
        _("{c} sätts in {y}, efter basåret {base}. Behovet räknas först därifrån."),
        _("Kontrollera året, eller låt det stå om den är beslutad."),
    ),
    "year_assumed": (
        "U",
        _(
            "Året saknas för {c}. Behovet räknas som om den sattes in {y}: ett antagande."
        ),
        _("Fyll i året."),
    ),
    "year_from_asset": (
        "U",
        _(
            "Insatt år saknas för {c}. Den räknas från anläggningens byggår {y}: ett "
            "antagande."
        ),
        _("Fyll i året om delen har bytts ut."),
    ),
    "cost_assumed": (
        "U",
        _("Återanskaffningsvärdet saknas för {c}. Den räknas som 0 kronor i behovet."),
        _("Fyll i värdet."),
    ),
    "cost_missing": (
        "V",
        _("Återanskaffningsvärdet saknas för {c}. Den räknas som 0 kronor i behovet."),
        _("Fyll i värdet för delen eller för hela anläggningen."),
    ),
    "cost_missing.zero": (
        "V",
        _("Återanskaffningsvärdet är 0 för {c}. Den syns inte i behovet."),
        _("Fyll i vad den kostar i dag."),
    ),
    "cost_missing.all": (
        "V",
        _(
            "Inga återanskaffningsvärden är ifyllda. Behovet av förnyelse och "
            "underhållsskulden går inte att räkna ut."
        ),
        _("Fyll i vad anläggningarna eller deras komponenter kostar i dag."),
    ),
    "age_unlikely": (
        "V",
        _(
            "{c} från {y} är {age} år gammal, mer än tre gånger sin livslängd på {life} "
            "år. Det gör behovet och underhållsskulden osäkra."
        ),
        _("Kontrollera året. Är den utbytt sedan dess, fyll i när."),
    ),
    "year_early": (
        "V",
        _("{c} är från {y}. Så gammalt är nästan inget i en kommun."),
        _("Kontrollera året."),
    ),
    "year_replaced": (
        "U",
        _(
            "{c} byttes ut {y} enligt bladet Besiktningar och åtgärder. Den räknas "
            "därifrån."
        ),
        _("Fyll i året på bladet Komponenter också."),
    ),
    "condition_of_asset": (
        "U",
        _(
            "Skicket saknas för {c}. Den räknas med skicket för hela anläggningen, "
            "{value}: en beräkning."
        ),
        _("Fyll i skicket för delen om det är känt."),
    ),
    "condition_of_asset.year": (
        "U",
        _(
            "Skicket saknas för {c}. Den räknas med skicket för hela anläggningen, "
            "{value} från {y}: en beräkning."
        ),
        _("Fyll i skicket för delen om det är känt."),
    ),
    "condition_mended": (
        "U",
        _(
            "{c} reparerades {y}, efter den senaste besiktningen. Skicket då räknas "
            "inte, utan behovet följer åldern."
        ),
        _("Lägg in en besiktning efter reparationen om det finns en."),
    ),
    "condition_older": (
        "U",
        _(
            "Skicket {value} för {c} är från {y}. Besiktningen {seen} fann {new}, och "
            "det är det som räknas."
        ),
        _("Skriv det nya skicket på bladet, och året i kolumnen Besiktigad."),
    ),
    "inspection_whole": (
        "V",
        _(
            "Händelsen gäller hela {a}, som har komponenter. Delarnas ålder och "
            "livslängder ändras inte av den."
        ),
        _("Skriv en rad för varje komponent som den gäller."),
    ),
    "few_replacements": (
        "U",
        _(
            "Färre än {least} utbyten är kända för {kinds}. De är för få för att pröva "
            "hur länge sådana delar håller."
        ),
        _("Lägg in fler utbyten på bladet Besiktningar och åtgärder."),
    ),
    "inspection_component": (
        "V",
        _("{a} har ingen komponent som heter {c}. Raden används inte."),
        _("Rätta namnet, eller lägg till komponenten på bladet Komponenter."),
    ),
    "inspection_year": (
        "V",
        _("{y} är efter basåret {base}. Raden används inte."),
        _("Kontrollera året."),
    ),
    "inspection_year.early": (
        "V",
        _("{y} är före byggåret {built}. Raden används inte när livslängden räknas."),
        _("Kontrollera båda åren."),
    ),
    "inspection_condition": (
        "V",
        _("Besiktningen saknar skick. Raden används inte."),
        _("Fyll i skicket."),
    ),
    "inspection_order": (
        "U",
        _("Raderna för {a} står inte i tidsordning. De sorteras efter år."),
        _("Inget behöver göras."),
    ),
    "waiting_rate": (
        "U",
        _("Kalkylräntan är 0. Kostnaden av att vänta räknas med {rate}."),
        _("Ange kalkylräntan på bladet Inställningar."),
    ),
    "prior_used": (
        "U",
        _(
            "{c}: {n}, och det behövs minst {least}. "
            "Livslängden {life} år är ett antagande ({source})."
        ),
        _("Lägg in fler utbyten på bladet Besiktningar och åtgärder."),
    ),
    "prior_used.own": (
        "U",
        _(
            "{c}: {n}, och det behövs minst {least}. "
            "Livslängderna på bladet Komponenter används utan att prövas."
        ),
        _("Lägg in fler utbyten på bladet Besiktningar och åtgärder."),
    ),
    "prior_used.condition": (
        "U",
        _(
            "Skalan {scale}: {n}, och det behövs minst {least}. "
            "Hur fort skicket försämras är ett antagande."
        ),
        _("Lägg in fler besiktningar på bladet Besiktningar och åtgärder."),
    ),
    "prior_used.bridges": (
        "U",
        _(
            "Skalan {scale}, broar: {n}, och det behövs minst {least}. Hur fort skicket "
            "försämras bygger på broar i Ontario."
        ),
        _("Lägg in fler besiktningar på bladet Besiktningar och åtgärder."),
    ),
    "age_missing": (
        "F",
        _("{area} saknar åldrarna {ages} {y}."),
        _("Lägg till dem; 0 personer går bra."),
    ),
    "age_missing.all": (
        "F",
        _("Ålder {ages} saknas i hela folkmängden."),
        _("Lägg till raderna; 0 personer går bra."),
    ),
    "age_end": (
        "F",
        _(
            "Folkmängden {y} slutar vid {a} år, och den raden är för liten för att "
            "rymma alla som är äldre."
        ),
        _(
            "Lägg till åldrarna upp till 100, eller låt den sista raden gälla alla som "
            "är minst så gamla."
        ),
    ),
    "sex_missing": (
        "F",
        _("{area} saknar {sex} {y}, ålder {ages}."),
        _("Lägg till raderna; 0 personer går bra."),
    ),
    "sex_missing.all": (
        "F",
        _("Folkmängden saknar {sex}."),
        _("Lägg till raderna, eller skriv alla i kolumnen Kön om raderna gäller båda."),
    ),
    "sex_mixed": (
        "F",
        _("{area} har {sex} {y} också i rader för alla, ålder {ages}."),
        _("Ta bort den ena sorten, annars räknas de två gånger."),
    ),
    "ages_crossed": (
        "F",
        _("{service} går från {a} till {b} år. Ingen ålder ryms däremellan."),
        _("Skriv den yngsta åldern först."),
    ),
    "premises_years": (
        "F",
        _("Lokalen {id} slutar {b} men börjar först {a}. Den ger inga platser."),
        _("Ändra året på bladet Lokaler."),
    ),
    "area_empty": (
        "V",
        _("{area} har inga invånare {y}. Behovet där räknas från planerade bostäder."),
        _("Ta bort området, eller fyll i invånarna."),
    ),
    "population_zero": (
        "F",
        _(
            "Folkmängden {y} är noll i alla åldrar och områden. Utan invånare finns inga "
            "behov att räkna."
        ),
        _("Fyll i invånarna på bladet Befolkning, eller ta bort raderna."),
    ),
    "population_differs": (
        "V",
        _(
            "Åldrarna {y} är tillsammans {a} personer, men folkmängden på bladet {sheet} "
            "är {b}. Behovet räknas från åldrarna."
        ),
        _("Rätta den siffra som är fel, så att de är lika."),
    ),
    "births_partial": (
        "V",
        _(
            "Födda {y} har rader för några områden, men inte för alla och inte för hela "
            "kommunen. De används inte i räkningen."
        ),
        _("Lägg till en rad för hela kommunen, eller för varje område."),
    ),
    "births_sum": (
        "V",
        _(
            "Födda {y} är {a} i områdena tillsammans men {b} i hela kommunen. Räkningen "
            "följer områdena."
        ),
        _("Rätta raderna på bladet Födda, så att de går ihop."),
    ),
    "births_area": (
        "V",
        _(
            "Födda {y} har en rad för {area}, som saknar folkmängd efter ålder. Raden "
            "används inte i räkningen."
        ),
        _("Fyll i områdets folkmängd på bladet Befolkning, eller ta bort raden."),
    ),
    "births_early": (
        "U",
        _(
            "Födda {y} används inte: de som föddes till och med {count} finns redan bland "
            "åldrarna på bladet Befolkning."
        ),
        _("Raden kan stå kvar."),
    ),
    "lookback_years": (
        "F",
        _(
            "{name} skulle tas i bruk {b}, men bygger på folkmängden {a}. Då finns inget "
            "att se tillbaka på."
        ),
        _("Ange ett år i bruk som är senare än folkmängdens år."),
    ),
    "lookback_count": (
        "V",
        _(
            "{name} bygger på folkmängden {a}, men bladet Befolkning har inga åldrar för "
            "det året. Tillbakablicken räknas inte."
        ),
        _("Fyll i åldrarna för året, eller ange ett år som finns där."),
    ),
    "reference_order": (
        "F",
        _(
            "Fördyringen i fyra fall av fem ({b}) är lägre än i hälften av fallen ({a})."
        ),
        _("Byt eller rätta värdena."),
    ),
    # ------------------------------------------------------------ quality, scenarios
    "quality_source": (
        "V",
        _("Kvaliteten är uppgift, men källa saknas."),
        _("Ange källan eller välj antagande."),
    ),
    "scenario_target": (
        "F",
        _("Scenariot {s} pekar på bladet {table}, {key}, {column}, som inte finns."),
        _("Rätta raden i scenariot."),
    ),
    # ------------------------------------------------------------ publishing, output
    "hidden_few": (
        "F",
        _(
            "Bara {n} projekt är undantagna från publicering. "
            "Summan kan avslöja dem, så planen publiceras inte."
        ),
        _("Undanta minst tre, eller visa alla."),
    ),
    "hidden_few.one": (
        "F",
        _(
            "Bara {n} projekt är undantaget från publicering. "
            "Summan kan avslöja det, så planen publiceras inte."
        ),
        _("Undanta minst tre, eller visa alla."),
    ),
    "out_exists": (
        "F",
        _("Mappen {dir} innehåller redan en plan. Inget är ändrat."),
        _("Välj en annan mapp, eller ta bort den gamla."),
    ),
    "out_exists.file": (
        "F",
        _("Filen {dir} finns redan. Inget är ändrat."),
        _("Välj ett annat namn, eller ta bort den gamla."),
    ),
    "out_exists.folder": (
        "F",
        _("Mappen {dir} innehåller redan filer. Inget är ändrat."),
        _("Välj en annan mapp, eller ta bort den gamla."),
    ),
    "out_unwritable": (
        "F",
        _("Det går inte att skriva i {dir}: {why}. Inget är ändrat."),
        _("Välj en annan mapp eller frigör utrymme."),
    ),
    "internal": (
        "F",
        _("Något gick fel i programmet (kod {ref}). Underlaget är orört."),
        _("Kör igen; händer det igen, skicka koden till den som sköter programmet."),
    ),
}


def message(key: str, /, **slots: object) -> tuple[str, str]:
    """Return the message and the remedy of a code or variant, slots filled."""
    _severity, text, remedy = MESSAGES[key]
    return text.format(**slots), remedy.format(**slots)


def names_value(code: str) -> bool:
    """Return True if the message of a code tells the value that is at fault.

    The same message at another cell is then the same fault, and is told once.
    """
    return any(
        "{value}" in text or "{id}" in text
        for key, (_severity, text, _remedy) in MESSAGES.items()
        if key.split(".")[0] == code
    )


def issue(
    key: str,
    table: str = "",
    row: int | None = None,
    column: str = "",
    /,
    **slots: object,
) -> Issue:
    """Return the fault with this code (or variant) at a cell, slots filled.

    Example:
        >>> issue("cell_not_number", "outlays", 7, "outlay", value="tio").message
        '”tio” är inte ett tal.'
    """
    text, remedy = message(key, **slots)
    return Issue(
        code=key.split(".")[0],
        severity=_SEVERITY[MESSAGES[key][0]],
        table=table,
        row=row,
        column=column,
        message=text,
        remedy=remedy,
    )
