"""What does `rodtrad check` say? Every code with its severity, message and remedy.

One place for the sentences of TEXT 4, so that the same fault has the same code and
words in every table. Leaves out where a fault is found (cells, checks, sources) and
how its place is shown (cli, publish): the renderer puts the place first.

A variant has its own key (`cell_not_number.whole`) and shows as the code before the
full stop. Slots are filled by `issue`; the caller formats numbers and years.
"""

from __future__ import annotations

from typing import Final

from rodtrad.domain.words import _, later
from rodtrad.errors import Issue, Severity

_SEVERITY: Final[dict[str, Severity]] = {"F": "error", "V": "warning", "U": "note"}

MESSAGES: Final[dict[str, tuple[str, str, str]]] = {
    # ------------------------------------------------------------ files
    "file_missing": (
        "F",
        later("Filen {file} finns inte."),
        later("Kontrollera namn och mapp."),
    ),
    "file_missing.folder": (
        "F",
        later("Mappen {file} innehåller inga CSV-filer med underlag."),
        later("Välj en annan mapp, eller läs in en arbetsbok (.xlsx)."),
    ),
    "file_not_excel": (
        "F",
        later("Filen {file} är inte en Excelfil, trots namnet."),
        later("Spara som arbetsbok (.xlsx) i Excel eller LibreOffice."),
    ),
    "file_not_excel.other": (
        "F",
        later("Filen {file} är varken en arbetsbok eller en CSV-mapp."),
        later("Spara som arbetsbok (.xlsx) i Excel eller LibreOffice."),
    ),
    "file_encrypted": (
        "F",
        later("Filen är skyddad med lösenord och går inte att läsa."),
        later("Ta bort lösenordet och spara igen."),
    ),
    "file_truncated": (
        "F",
        later("Filen är avklippt: slutet saknas."),
        later("Hämta eller spara filen på nytt."),
    ),
    "file_truncated.damaged": (
        "F",
        later("Filen är skadad och går inte att läsa."),
        later("Hämta eller spara filen på nytt."),
    ),
    "file_too_big": (
        "F",
        later("Filen är {mb} MB. Gränsen är {max} MB."),
        later("Ta bort bilder och tomma rader, eller läs in en CSV-mapp."),
    ),
    "file_unreadable": (
        "F",
        later("Filen {file} går inte att läsa: {why}."),
        later("Stäng den i andra program och kontrollera att du får läsa den."),
    ),
    "workbook_empty": (
        "F",
        later("Arbetsboken har inga uppgifter."),
        later("Börja från mallen: `rodtrad new FIL.xlsx`."),
    ),
    "workbook_empty.folder": (
        "F",
        later("Mappen har inga uppgifter."),
        later("Börja från mallen: `rodtrad new FIL.xlsx`."),
    ),
    "workbook_empty.template": (
        "F",
        later("Mallen är tom."),
        later("Fyll i den först."),
    ),
    "sheet_missing": (
        "F",
        later("Bladet {sheet} saknas. Utan det går planen inte att räkna."),
        later("Lägg till bladet; mallen visar kolumnerna."),
    ),
    "sheet_unknown": (
        "V",
        later("Bladet {sheet} läses inte."),
        later("Menade du {guess}? Annars kan det stå kvar."),
    ),
    "sheet_unknown.no_guess": (
        "V",
        later("Bladet {sheet} läses inte."),
        later("Inget behöver göras om det ska stå kvar."),
    ),
    "sheet_duplicate": (
        "F",
        later("Både {a} och {b} läses som bladet {sheet}."),
        later("Behåll ett av dem."),
    ),
    "column_missing": (
        "F",
        later("Kolumnen {column} saknas."),
        later("Lägg till rubriken {column} på rad 1."),
    ),
    "column_unknown": (
        "V",
        later("Kolumnen {column} läses inte."),
        later("Menade du {guess}?"),
    ),
    "column_unknown.no_guess": (
        "V",
        later("Kolumnen {column} läses inte."),
        later("Inget behöver göras om den ska stå kvar."),
    ),
    "column_duplicate": (
        "F",
        later("Kolumnen {column} finns två gånger."),
        later("Behåll en av dem."),
    ),
    "row_long": (
        "F",
        later("Raden har {n} celler, men rubrikraden har {m}."),
        later("Skriv tal med punkt, eller använd semikolon mellan cellerna."),
    ),
    "csv_encoding": (
        "U",
        later(
            "Filen är läst som {encoding}, inte UTF-8. "
            "Tecknen å, ä och ö är kontrollerade."
        ),
        later("Spara helst som UTF-8."),
    ),
    "csv_unreadable": (
        "F",
        later("Tecknen i filen går inte att tyda (rad {row}: {text})."),
        later("Spara som UTF-8."),
    ),
    # ------------------------------------------------------------ cells
    "cell_required": ("F", later("Värde saknas."), later("Fyll i {column}.")),
    "cell_not_number": (
        "F",
        later("”{value}” är inte ett tal."),
        later("Skriv bara siffror, till exempel 12500 eller 12500,5."),
    ),
    "cell_not_number.whole": (
        "F",
        later("”{value}” är inte ett helt tal."),
        later("Skriv ett helt tal, till exempel 3."),
    ),
    "cell_reformatted": (
        "U",
        later("”{value}” är läst som {number} (decimalkomma eller mellanrum)."),
        later("Inget behöver göras."),
    ),
    "cell_ambiguous": (
        "F",
        later("”{value}” kan vara {a} eller {b}."),
        later("Skriv utan tusentalsavgränsare."),
    ),
    "cell_date_for_year": (
        "V",
        later("Datumet {value} är läst som året {year}."),
        later("Skriv året med fyra siffror."),
    ),
    "cell_not_year": (
        "F",
        later("”{value}” är inte ett årtal."),
        later("Skriv fyra siffror, till exempel 2029."),
    ),
    "cell_negative": (
        "F",
        later("{value} är negativt. Här anges belopp som positiva tal."),
        later("Ta bort minustecknet; inkomster har en egen kolumn."),
    ),
    "cell_range": (
        "F",
        later("{value} ligger utanför {min}–{max}."),
        later("Rätta värdet."),
    ),
    "cell_percent": (
        "F",
        later("{value} betyder {as_percent}. Menade du {guess}?"),
        later("Skriv andelar som 0,02 eller 2 %."),
    ),
    "cell_percent.high": (
        "V",
        later("{value} betyder {as_percent}. Menade du {guess}?"),
        later("Skriv andelar som 0,02 eller 2 %."),
    ),
    "cell_choice": (
        "F",
        later("”{value}” är inte ett av valen: {choices}."),
        later("Välj i listan."),
    ),
    "cell_word": (
        "U",
        later("”{value}” finns inte i listan och visas som det står."),
        later("Inget behöver göras. I listan finns {choices}."),
    ),
    "cell_formula_error": (
        "F",
        later("Cellen visar {value} i Excel."),
        later("Rätta formeln eller skriv värdet."),
    ),
    "cell_formula_text": (
        "U",
        later(
            "Texten börjar med {char} och skrivs som text, aldrig som formel, "
            "i våra filer."
        ),
        later("Inget behöver göras."),
    ),
    "cell_too_long": (
        "F",
        later("Texten har {n} tecken. En cell i Excel rymmer högst {max}."),
        later("Korta texten, eller lägg den i ett eget dokument."),
    ),
    "unit_magnitude": (
        "V",
        later(
            "{amount} tkr är {per} kronor per invånare. "
            "Det är ovanligt mycket; enheten kan vara fel."
        ),
        later("Ange tkr: 1 mkr = 1 000."),
    ),
    "unit_magnitude.low": (
        "V",
        later(
            "{amount} tkr är {per} kronor per invånare. "
            "Det är ovanligt lite; enheten kan vara fel."
        ),
        later("Ange tkr: 1 mkr = 1 000."),
    ),
    # ------------------------------------------------------------ ids and rows
    "id_duplicate": (
        "F",
        later("Id ”{id}” finns på raderna {a} och {b}."),
        later("Ge en av dem ett nytt id."),
    ),
    "id_characters": (
        "F",
        later("Id ”{id}” har tecken som inte kan användas: {chars}."),
        later("Använd bokstäver, siffror, - och _."),
    ),
    "id_folded": (
        "F",
        later("”{a}” och ”{b}” blir samma id när å, ä och ö skrivs om."),
        later("Byt namn på ett av dem."),
    ),
    "ref_orphan": (
        "F",
        later("”{id}” finns inte på bladet {sheet}."),
        later("Lägg till raden där, eller rätta id här."),
    ),
    "ref_orphan.guess": (
        "F",
        later("”{id}” finns inte på bladet {sheet}."),
        later("Lägg till raden där, eller rätta id här. Menade du {guess}?"),
    ),
    "row_duplicate": (
        "F",
        later("Raden säger samma sak som rad {row} men med annat värde."),
        later("Behåll en av dem."),
    ),
    "row_duplicate.same": (
        "F",
        later("Raden är likadan som rad {row}."),
        later("Behåll en av dem."),
    ),
    # ------------------------------------------------------------ years
    "years_gap": (
        "F",
        later("Åren {ys} saknas. Varje år från {y1} till {y2} behövs."),
        later("Lägg till raderna."),
    ),
    "years_gap.one": (
        "F",
        later("Året {ys} saknas. Varje år från {y1} till {y2} behövs."),
        later("Lägg till raden."),
    ),
    "base_year": (
        "F",
        later(
            "Planens första år är {y}, men basåret är {b}. "
            "Planen börjar alltid året efter basåret."
        ),
        later(
            "Ändra ett av dem. Är {b1} inte avslutat, ange prognosen och kvaliteten "
            "antagande."
        ),
    ),
    "plan_years": (
        "F",
        later("Planens sista år är {y2}, men det första är {y1}."),
        later("Byt eller rätta åren."),
    ),
    "plan_years.long": (
        "F",
        later("Planen är {n} år. Den kan vara högst {max} år."),
        later("Rätta planens sista år."),
    ),
    "year_outside": (
        "V",
        later("{y} ligger utanför planen ({y1}–{y2}) och används inte."),
        later("Ta bort raden eller förläng planen på bladet Inställningar."),
    ),
    # ------------------------------------------------------------ projects
    "window_empty": (
        "F",
        later("Tidigaste start ({a}) ligger efter senaste start ({b})."),
        later("Byt eller rätta åren."),
    ),
    "window_empty.past": (
        "V",
        later("Senaste start {b} ligger före planens första år. Det kan aldrig ingå."),
        later("Ändra senaste start, eller ta bort projektet."),
    ),
    "window_early": (
        "U",
        later("Tidigaste start {a} är läst som {y}, planens första år."),
        later("Inget behöver göras."),
    ),
    "in_use_after_end": (
        "F",
        later(
            "Med start {a} och byggtiden {n} år är projektet i bruk {u}, "
            "men planen slutar {y2}."
        ),
        later("Tidigarelägg start eller förläng planen."),
    ),
    "in_use_after_end.project": (
        "V",
        later(
            "Med start {a} och byggtiden {n} år är projektet i bruk {u}, "
            "men planen slutar {y2}. Det kan aldrig ingå."
        ),
        later("Tidigarelägg start eller förläng planen."),
    ),
    "in_use_after_end.alternative": (
        "V",
        later(
            "Med start {a} och byggtiden {n} år är alternativet i bruk {u}, "
            "men planen slutar {y2}. Det kan aldrig väljas."
        ),
        later("Tidigarelägg start eller förläng planen."),
    ),
    "must_do_late": (
        "F",
        later(
            "Projektet är tvingande och ska vara i bruk senast {d}, "
            "men blir det tidigast {u}."
        ),
        later("Ändra året, starten eller byggtiden."),
    ),
    "must_do_unaffordable": (
        "F",
        later(
            "Det tvingande projektet bryter målet {g} {ys}, även om inget annat görs."
        ),
        later("Ändra målet eller projektet, eller lägg till ett billigare alternativ."),
    ),
    "project_unaffordable": (
        "V",
        later(
            "Projektet bryter målet {g} {ys}, även om inget annat görs. "
            "Det kan aldrig ingå."
        ),
        later("Se över utgiften, eller lägg till ett alternativ."),
    ),
    "project_no_alternative": (
        "F",
        later("Projektet har inget alternativ."),
        later("Lägg till minst ett på bladet Alternativ."),
    ),
    "alternative_no_outlay": (
        "V",
        later("Alternativet har inga utgifter."),
        later("Lägg till minst år 0 på bladet Utgifter; 0 går bra."),
    ),
    "offset_hole.outlays": (
        "F",
        later("Åren från start är {list}. De ska börja på 0 och följa varandra."),
        later("Lägg till en rad för år {missing} med utgiften 0."),
    ),
    "offset_hole.outlays_many": (
        "F",
        later("Åren från start är {list}. De ska börja på 0 och följa varandra."),
        later("Lägg till rader för åren {missing} med utgiften 0."),
    ),
    "offset_hole.effects": (
        "F",
        later(
            "Åren från ibruktagande är {list}. De ska börja på 0 och följa varandra."
        ),
        later("Lägg till en rad för år {missing} med ändrad driftkostnad 0."),
    ),
    "offset_hole.effects_many": (
        "F",
        later(
            "Åren från ibruktagande är {list}. De ska börja på 0 och följa varandra."
        ),
        later("Lägg till rader för åren {missing} med ändrad driftkostnad 0."),
    ),
    "offset_hole.resource_use": (
        "F",
        later("Åren från start är {list}. De ska börja på 0 och följa varandra."),
        later("Lägg till en rad för år {missing} med åtgången 0."),
    ),
    "offset_hole.resource_use_many": (
        "F",
        later("Åren från start är {list}. De ska börja på 0 och följa varandra."),
        later("Lägg till rader för åren {missing} med åtgången 0."),
    ),
    "parts_sum": (
        "F",
        later("Delarna är tillsammans {sum}. De ska bli 1."),
        later("Rätta andelarna."),
    ),
    "life_zero": (
        "F",
        later(
            "Nyttjandeperioden är {n}. "
            "Den ska vara minst 1 helt år; lämna tomt för mark."
        ),
        later("Rätta."),
    ),
    "nira_sum": (
        "F",
        later("Andelarna i {value} blir {sum} procent."),
        later("Ange till exempel N60 R40."),
    ),
    "nira_sum.form": (
        "F",
        later("{value} går inte att läsa som investeringsslag."),
        later("Ange till exempel N60 R40."),
    ),
    "score_missing": (
        "F",
        later(
            "Betyg saknas för {criterion}. Alla alternativ behöver ett betyg per kriterium."
        ),
        later("Fyll i 0–100."),
    ),
    "score_order": (
        "F",
        later("Betyget {score} ligger inte mellan lägst {low} och högst {high}."),
        later("Rätta ett av dem."),
    ),
    "weights_zero": (
        "F",
        later("Kriteriernas vikter är tillsammans 0. Då går nyttan inte att räkna."),
        later("Ange minst en vikt över 0."),
    ),
    # ------------------------------------------------------------ viewpoints
    "viewpoint_empty": (
        "F",
        later("Villkoren i synsättet {v} går inte ihop: {list}."),
        later("Mildra ett av dem."),
    ),
    # ------------------------------------------------------------ relations
    "relation_self": (
        "F",
        later("Projektet har samband med sig självt."),
        later("Ta bort raden."),
    ),
    "relation_cycle": (
        "F",
        later(
            "Sambanden bildar en ring: {chain}. Inget av projekten kan starta först."
        ),
        later("Ta bort ett av sambanden."),
    ),
    "relation_conflict": (
        "F",
        later("Projektet {p} både kräver och utesluter projektet {q}."),
        later("Ta bort ett av sambanden."),
    ),
    "relation_conflict.together": (
        "F",
        later("Projektet {p} både hör ihop med och utesluter projektet {q}."),
        later("Ta bort ett av sambanden."),
    ),
    "relation_must": (
        "F",
        later("De tvingande projekten {p} och {q} utesluter varandra."),
        later("Ändra det ena."),
    ),
    # ------------------------------------------------------------ goals
    "goal_operator": (
        "F",
        later("För {indicator} går det bara att sätta ett högsta värde."),
        later("Ändra till högst."),
    ),
    "goal_average": (
        "F",
        later("Genomsnitt för {n} år kräver minst {n} år; målet gäller {m}."),
        later("Förläng målet eller korta genomsnittet."),
    ),
    "goal_price": (
        "F",
        later("Målet bör nås men saknar nyttopoäng per enhet."),
        later("Ange ett tal över 0, eller välj måste hållas."),
    ),
    "goal_years": (
        "F",
        later("Målet gäller från {a} till {b}. Första året ska komma först."),
        later("Byt eller rätta åren."),
    ),
    # ------------------------------------------------------------ money
    "statement_line": (
        "F",
        later("Raden {line} saknas för {y}."),
        later("Lägg till den; 0 går bra."),
    ),
    "balance_line": (
        "F",
        later("Raden {line} saknas."),
        later("Lägg till den; 0 går bra."),
    ),
    "sign_odd": (
        "V",
        later("{line} är {amount}. Kostnader anges negativa och intäkter positiva."),
        later("Kontrollera tecknet."),
    ),
    "sign_odd.balance": (
        "V",
        later("{line} är {amount}. Tillgångar och skulder anges som positiva tal."),
        later("Kontrollera tecknet."),
    ),
    "balance_open": (
        "F",
        later(
            "Tillgångarna är {a} och skulder plus eget kapital {b}. "
            "Skillnaden är {d} tkr."
        ),
        later("Rätta raderna; de ska vara lika."),
    ),
    "deficit_due": (
        "V",
        later("Underskottet från {y} skulle ha varit återställt {due}. {kr} återstår."),
        later("Kontrollera, eller ange vad som inte behöver återställas."),
    ),
    "deficit_sum": (
        "F",
        later("Återställt och undantaget är {a}, mer än underskottet {b}."),
        later("Rätta beloppen."),
    ),
    "resource_short": (
        "V",
        later(
            "Projektet behöver {a} av {resource} {ys}, men högst {b} finns. "
            "Det kan aldrig ingå."
        ),
        later("Ändra åtgången eller tillgången."),
    ),
    # ------------------------------------------------------------ assets, people
    "asset_year": (
        "V",
        later("Byggåret saknas. Anläggningens ålder blir osäker."),
        later("Fyll i byggåret."),
    ),
    "asset_year.future": (
        "V",
        later("Byggåret {y} är efter basåret {base}. Behovet räknas först därifrån."),
        later("Kontrollera året, eller låt det stå om den är beslutad."),
    ),
    "condition_scale": (
        "F",
        later("Skicket {value} finns inte på skalan {scale}."),
        later("Välj ett av {choices}."),
    ),
    "condition_scale.unknown": (
        "V",
        later("Skalan {scale} är inte känd. Skicket används inte, bara åldern."),
        later("Välj en av {choices}."),
    ),
    "condition_scale.blank": (
        "V",
        later("Skicket {value} saknar skala. Det används inte, bara åldern."),
        later("Ange skalan på bladet Anläggningar."),
    ),
    "asset_year.assumed": (
        "V",
        later(
            "Byggåret saknas för {c}. Den räknas som byggd {y}, halvvägs genom sin "
            "livslängd: ett antagande."
        ),
        later("Fyll i byggåret."),
    ),
    "component_year": (
        "V",
        later(
            "Insatt år saknas för {c}, och byggåret också. Den räknas som insatt {y}, "
            "halvvägs genom sin livslängd: ett antagande."
        ),
        later("Fyll i ett av åren."),
    ),
    "component_year.asset": (
        "U",
        later(
            "Insatt år saknas för {c}. Den räknas från anläggningens byggår {y}: ett "
            "antagande."
        ),
        later("Fyll i året om delen har bytts ut."),
    ),
    "component_year.future": (
        "V",
        later("{c} sätts in {y}, efter basåret {base}. Behovet räknas först därifrån."),
        later("Kontrollera året, eller låt det stå om den är beslutad."),
    ),
    "year_assumed": (
        "U",
        later(
            "Året saknas för {c}. Behovet räknas som om den sattes in {y}: ett antagande."
        ),
        later("Fyll i året."),
    ),
    "year_from_asset": (
        "U",
        later(
            "Insatt år saknas för {c}. Den räknas från anläggningens byggår {y}: ett "
            "antagande."
        ),
        later("Fyll i året om delen har bytts ut."),
    ),
    "cost_assumed": (
        "U",
        later(
            "Återanskaffningsvärdet saknas för {c}. Den räknas som 0 kronor i behovet."
        ),
        later("Fyll i värdet."),
    ),
    "cost_missing": (
        "V",
        later(
            "Återanskaffningsvärdet saknas för {c}. Den räknas som 0 kronor i behovet."
        ),
        later("Fyll i värdet för delen eller för hela anläggningen."),
    ),
    "cost_missing.zero": (
        "V",
        later("Återanskaffningsvärdet är 0 för {c}. Den syns inte i behovet."),
        later("Fyll i vad den kostar i dag."),
    ),
    "cost_missing.all": (
        "V",
        later(
            "Inga återanskaffningsvärden är ifyllda. Behovet av förnyelse och "
            "underhållsskulden går inte att räkna ut."
        ),
        later("Fyll i vad anläggningarna eller deras komponenter kostar i dag."),
    ),
    "age_unlikely": (
        "V",
        later(
            "{c} från {y} är {age} år gammal, mer än tre gånger sin livslängd på {life} "
            "år. Det gör behovet och underhållsskulden osäkra."
        ),
        later("Kontrollera året. Är den utbytt sedan dess, fyll i när."),
    ),
    "year_early": (
        "V",
        later("{c} är från {y}. Så gammalt är nästan inget i en kommun."),
        later("Kontrollera året."),
    ),
    "year_replaced": (
        "U",
        later(
            "{c} byttes ut {y} enligt bladet Besiktningar och åtgärder. Den räknas "
            "därifrån."
        ),
        later("Fyll i året på bladet Komponenter också."),
    ),
    "condition_of_asset": (
        "U",
        later(
            "Skicket saknas för {c}. Den räknas med skicket för hela anläggningen, "
            "{value}: en beräkning."
        ),
        later("Fyll i skicket för delen om det är känt."),
    ),
    "condition_of_asset.year": (
        "U",
        later(
            "Skicket saknas för {c}. Den räknas med skicket för hela anläggningen, "
            "{value} från {y}: en beräkning."
        ),
        later("Fyll i skicket för delen om det är känt."),
    ),
    "condition_mended": (
        "U",
        later(
            "{c} reparerades {y}, efter den senaste besiktningen. Skicket då räknas "
            "inte, utan behovet följer åldern."
        ),
        later("Lägg in en besiktning efter reparationen om det finns en."),
    ),
    "condition_older": (
        "U",
        later(
            "Skicket {value} för {c} är från {y}. Besiktningen {seen} fann {new}, och "
            "det är det som räknas."
        ),
        later("Skriv det nya skicket på bladet, och året i kolumnen Besiktigad."),
    ),
    "inspection_whole": (
        "V",
        later(
            "Händelsen gäller hela {a}, som har komponenter. Delarnas ålder och "
            "livslängder ändras inte av den."
        ),
        later("Skriv en rad för varje komponent som den gäller."),
    ),
    "few_replacements": (
        "U",
        later(
            "Färre än {least} utbyten är kända för {kinds}. De är för få för att pröva "
            "hur länge sådana delar håller."
        ),
        later("Lägg in fler utbyten på bladet Besiktningar och åtgärder."),
    ),
    "inspection_component": (
        "V",
        later("{a} har ingen komponent som heter {c}. Raden används inte."),
        later("Rätta namnet, eller lägg till komponenten på bladet Komponenter."),
    ),
    "inspection_year": (
        "V",
        later("{y} är efter basåret {base}. Raden används inte."),
        later("Kontrollera året."),
    ),
    "inspection_year.early": (
        "V",
        later(
            "{y} är före byggåret {built}. Raden används inte när livslängden räknas."
        ),
        later("Kontrollera båda åren."),
    ),
    "inspection_condition": (
        "V",
        later("Besiktningen saknar skick. Raden används inte."),
        later("Fyll i skicket."),
    ),
    "inspection_order": (
        "U",
        later("Raderna för {a} står inte i tidsordning. De sorteras efter år."),
        later("Inget behöver göras."),
    ),
    "waiting_rate": (
        "U",
        later("Kalkylräntan är 0. Kostnaden av att vänta räknas med {rate}."),
        later("Ange kalkylräntan på bladet Inställningar."),
    ),
    "prior_used": (
        "U",
        later(
            "{c}: {n}, och det behövs minst {least}. "
            "Livslängden {life} år är ett antagande ({source})."
        ),
        later("Lägg in fler utbyten på bladet Besiktningar och åtgärder."),
    ),
    "prior_used.own": (
        "U",
        later(
            "{c}: {n}, och det behövs minst {least}. "
            "Livslängderna på bladet Komponenter används utan att prövas."
        ),
        later("Lägg in fler utbyten på bladet Besiktningar och åtgärder."),
    ),
    "prior_used.condition": (
        "U",
        later(
            "Skalan {scale}: {n}, och det behövs minst {least}. "
            "Hur fort skicket försämras är ett antagande."
        ),
        later("Lägg in fler besiktningar på bladet Besiktningar och åtgärder."),
    ),
    "prior_used.bridges": (
        "U",
        later(
            "Skalan {scale}, broar: {n}, och det behövs minst {least}. Hur fort skicket "
            "försämras bygger på broar i Ontario."
        ),
        later("Lägg in fler besiktningar på bladet Besiktningar och åtgärder."),
    ),
    "age_missing": (
        "F",
        later("{area} saknar åldrarna {ages} {y}."),
        later("Lägg till dem; 0 personer går bra."),
    ),
    "age_missing.all": (
        "F",
        later("Ålder {ages} saknas i hela folkmängden."),
        later("Lägg till raderna; 0 personer går bra."),
    ),
    "age_end": (
        "F",
        later(
            "Folkmängden {y} slutar vid {a} år, och den raden är för liten för att "
            "rymma alla som är äldre."
        ),
        later(
            "Lägg till åldrarna upp till 100, eller låt den sista raden gälla alla som "
            "är minst så gamla."
        ),
    ),
    "sex_missing": (
        "F",
        later("{area} saknar {sex} {y}, ålder {ages}."),
        later("Lägg till raderna; 0 personer går bra."),
    ),
    "sex_missing.all": (
        "F",
        later("Folkmängden saknar {sex}."),
        later(
            "Lägg till raderna, eller skriv alla i kolumnen Kön om raderna gäller båda."
        ),
    ),
    "sex_mixed": (
        "F",
        later("{area} har {sex} {y} också i rader för alla, ålder {ages}."),
        later("Ta bort den ena sorten, annars räknas de två gånger."),
    ),
    "ages_crossed": (
        "F",
        later("{service} går från {a} till {b} år. Ingen ålder ryms däremellan."),
        later("Skriv den yngsta åldern först."),
    ),
    "premises_years": (
        "F",
        later("Lokalen {id} slutar {b} men börjar först {a}. Den ger inga platser."),
        later("Ändra året på bladet Lokaler."),
    ),
    "area_empty": (
        "V",
        later(
            "{area} har inga invånare {y}. Behovet där räknas från planerade bostäder."
        ),
        later("Ta bort området, eller fyll i invånarna."),
    ),
    "population_zero": (
        "F",
        later(
            "Folkmängden {y} är noll i alla åldrar och områden. Utan invånare finns inga "
            "behov att räkna."
        ),
        later("Fyll i invånarna på bladet Befolkning, eller ta bort raderna."),
    ),
    "population_differs": (
        "V",
        later(
            "Åldrarna {y} är tillsammans {a} personer, men folkmängden på bladet {sheet} "
            "är {b}. Behovet räknas från åldrarna."
        ),
        later("Rätta den siffra som är fel, så att de är lika."),
    ),
    "births_partial": (
        "V",
        later(
            "Födda {y} har rader för några områden, men inte för alla och inte för hela "
            "kommunen. De används inte i räkningen."
        ),
        later("Lägg till en rad för hela kommunen, eller för varje område."),
    ),
    "births_sum": (
        "V",
        later(
            "Födda {y} är {a} i områdena tillsammans men {b} i hela kommunen. Räkningen "
            "följer områdena."
        ),
        later("Rätta raderna på bladet Födda, så att de går ihop."),
    ),
    "births_area": (
        "V",
        later(
            "Födda {y} har en rad för {area}, som saknar folkmängd efter ålder. Raden "
            "används inte i räkningen."
        ),
        later("Fyll i områdets folkmängd på bladet Befolkning, eller ta bort raden."),
    ),
    "births_early": (
        "U",
        later(
            "Födda {y} används inte: de som föddes till och med {count} finns redan bland "
            "åldrarna på bladet Befolkning."
        ),
        later("Raden kan stå kvar."),
    ),
    "lookback_years": (
        "F",
        later(
            "{name} skulle tas i bruk {b}, men bygger på folkmängden {a}. Då finns inget "
            "att se tillbaka på."
        ),
        later("Ange ett år i bruk som är senare än folkmängdens år."),
    ),
    "lookback_count": (
        "V",
        later(
            "{name} bygger på folkmängden {a}, men bladet Befolkning har inga åldrar för "
            "det året. Tillbakablicken räknas inte."
        ),
        later("Fyll i åldrarna för året, eller ange ett år som finns där."),
    ),
    "reference_order": (
        "F",
        later(
            "Fördyringen i fyra fall av fem ({b}) är lägre än i hälften av fallen ({a})."
        ),
        later("Byt eller rätta värdena."),
    ),
    # ------------------------------------------------------------ quality, scenarios
    "quality_source": (
        "V",
        later("Kvaliteten är uppgift, men källa saknas."),
        later("Ange källan eller välj antagande."),
    ),
    "scenario_target": (
        "F",
        later(
            "Scenariot {s} pekar på bladet {table}, {key}, {column}, som inte finns."
        ),
        later("Rätta raden i scenariot."),
    ),
    # ------------------------------------------------------------ publishing, output
    "hidden_few": (
        "F",
        later(
            "Bara {n} projekt är undantagna från publicering. "
            "Summan kan avslöja dem, så planen publiceras inte."
        ),
        later("Undanta minst tre, eller visa alla."),
    ),
    "hidden_few.one": (
        "F",
        later(
            "Bara {n} projekt är undantaget från publicering. "
            "Summan kan avslöja det, så planen publiceras inte."
        ),
        later("Undanta minst tre, eller visa alla."),
    ),
    "out_exists": (
        "F",
        later("Mappen {dir} innehåller redan en plan. Inget är ändrat."),
        later("Välj en annan mapp, eller ta bort den gamla."),
    ),
    "out_exists.file": (
        "F",
        later("Filen {dir} finns redan. Inget är ändrat."),
        later("Välj ett annat namn, eller ta bort den gamla."),
    ),
    "out_exists.folder": (
        "F",
        later("Mappen {dir} innehåller redan filer. Inget är ändrat."),
        later("Välj en annan mapp, eller ta bort den gamla."),
    ),
    "out_unwritable": (
        "F",
        later("Det går inte att skriva i {dir}: {why}. Inget är ändrat."),
        later("Välj en annan mapp eller frigör utrymme."),
    ),
    "internal": (
        "F",
        later("Något gick fel i programmet (kod {ref}). Underlaget är orört."),
        later(
            "Kör igen; händer det igen, skicka koden till den som sköter programmet."
        ),
    ),
}


def message(key: str, /, **slots: object) -> tuple[str, str]:
    """Return the message and the remedy of a code or variant, slots filled."""
    _severity, text, remedy = MESSAGES[key]
    return _(text).format(**slots), _(remedy).format(**slots)


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
