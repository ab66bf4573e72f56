"""What is said about a file or a row, in English and French, by stable code.

Every sentence says what is wrong and what would be accepted. Facts in braces are filled in from the problem.
"""

from __future__ import annotations

from collections.abc import Mapping

SENTENCES: Mapping[str, tuple[str, str]] = {
    # One cell.
    "missing-value": ("is empty; a value is needed", "est vide ; une valeur est nécessaire"),
    "control-character": (
        "holds an invisible character ({character}, at position {position}); type the value again",
        "contient un caractère invisible ({character}, en position {position}) ; ressaisissez la valeur",
    ),
    "undecodable": (
        "holds bytes that the file's encoding does not know; save the file as UTF-8",
        "contient des octets inconnus du codage du fichier ; enregistrez-le en UTF-8",
    ),
    "too-long": (
        "is {length} characters long; {longest} are allowed",
        "fait {length} caractères ; {longest} sont permis",
    ),
    "not-in-a-key": (
        "holds {character} at position {position}; a code has no blanks and none of : # | / \\",
        "contient {character} en position {position} ; un code n'a ni espace ni : # | / \\",
    ),
    "damaged-number": (
        "was turned into a number like 1.23E+11 by a spreadsheet; format the column as text and type it again",
        "a été changé en nombre du type 1,23E+11 par un tableur ; mettez la colonne au format texte et ressaisissez",
    ),
    "not-a-number": (
        "is not a whole number; write digits only, without unit or decimals",
        "n'est pas un nombre entier ; écrivez seulement des chiffres, sans unité ni décimales",
    ),
    "out-of-range": ("must be from {least} to {most}", "doit être compris entre {least} et {most}"),
    "not-a-coordinate": (
        "is not a coordinate; write degrees such as 43.7412",
        "n'est pas une coordonnée ; écrivez des degrés, par exemple 43.7412",
    ),
    "coordinate-out-of-range": (
        "must be from -{limit} to {limit} degrees",
        "doit être compris entre -{limit} et {limit} degrés",
    ),
    "not-a-time": (
        "is not a time; write HH:MM, from 00:00 to 23:59",
        "n'est pas une heure ; écrivez HH:MM, de 00:00 à 23:59",
    ),
    "not-a-date": ("is not a date; write it as 2026-11-23", "n'est pas une date ; écrivez-la sous la forme 2026-11-23"),
    "no-such-date": ("is a date that no calendar has", "est une date qui n'existe dans aucun calendrier"),
    "date-out-of-range": ("must lie between 1990 and 2100", "doit se situer entre 1990 et 2100"),
    "spreadsheet-date": (
        "is a spreadsheet's inner number for a date; format the column as text and write 2026-11-23",
        "est le numéro interne d'une date de tableur ; mettez la colonne au format texte et écrivez 2026-11-23",
    ),
    "not-an-order-day": (
        "is not a day; write a date such as 2026-11-23, or +2 for two working days after the import",
        "n'est pas un jour ; écrivez une date comme 2026-11-23, ou +2 pour deux jours ouvrés après l'import",
    ),
    "not-a-moment": (
        "is not a date and time; write it as 2026-11-23T08:30 or 2026-11-23T08:30+01:00",
        "n'est pas une date et une heure ; écrivez 2026-11-23T08:30 ou 2026-11-23T08:30+01:00",
    ),
    "not-one-of": ("must be one of: {allowed}", "doit être l'un de : {allowed}"),
    "not-a-zone": (
        "is not a time zone; write its name, such as Europe/Paris",
        "n'est pas un fuseau horaire ; écrivez son nom, par exemple Europe/Paris",
    ),
    "not-a-country": (
        "must be the two letters of a country, such as FR",
        "doit être les deux lettres d'un pays, par exemple FR",
    ),
    "not-a-language": (
        "must be the letters of a language, such as fr",
        "doit être le code d'une langue, par exemple fr",
    ),
    "not-an-email": ("is not an e-mail address", "n'est pas une adresse électronique"),
    "not-a-holder": (
        "must be site:CODE or employee:NUMBER",
        "doit être site:CODE ou employee:MATRICULE",
    ),
    # One row.
    "too-many-cells": (
        "the row has {cells} cells, the header has {columns}; put quotes round a cell that holds the separator",
        "la ligne a {cells} cellules, l'en-tête {columns} ; une cellule contenant le séparateur veut des guillemets",
    ),
    "too-few-cells": (
        "the row has {cells} cells, the header has {columns}",
        "la ligne a {cells} cellules, l'en-tête en a {columns}",
    ),
    "told-twice": (
        "says the same thing as line {first}; keep one of the two rows",
        "dit la même chose que la ligne {first} ; gardez une seule des deux lignes",
    ),
    "half-a-point": (
        "lat and lon must both be given, or neither",
        "lat et lon vont ensemble : donnez les deux ou aucun",
    ),
    "zero-point": (
        "0, 0 is in the Atlantic; leave lat and lon empty to have the address looked up",
        "0, 0 se trouve dans l'Atlantique ; laissez lat et lon vides pour que l'adresse soit recherchée",
    ),
    "swapped-point": (
        "lat and lon look swapped: the other way round the point lies in {country}",
        "lat et lon semblent inversés : dans l'autre sens, le point se trouve bien en {country}",
    ),
    "site-not-located": (
        "the site's address was not found ({reason}); give lat and lon",
        "l'adresse du site est introuvable ({reason}) ; indiquez lat et lon",
    ),
    "closes-before-it-opens": ("must be later than {other}", "doit être plus tard que {other}"),
    "ends-before-it-starts": ("must not be before {other}", "ne doit pas être avant {other}"),
    "sites-not-for-role": (
        "must be empty for this role; no site limits what it sees",
        "doit rester vide pour cette fonction ; aucun site ne limite ce qu'elle voit",
    ),
    "asset-not-held": (
        "the employee does not have this piece",
        "le salarié n'a pas ce matériel",
    ),
    "employee-left": (
        "the employee has left by that day; only a return is possible",
        "le salarié sera parti ce jour-là ; seul un retour est possible",
    ),
    "day-in-the-past": ("lies before today, {today}", "est avant aujourd'hui, {today}"),
    "needs-sku": ("is empty; say what is delivered", "est vide ; indiquez ce qui est livré"),
    "needs-return-tag": (
        "is empty; say the tag of the piece that comes back",
        "est vide ; indiquez l'étiquette du matériel repris",
    ),
    "takes-nothing-back": (
        "an issue takes nothing back; make it a swap, or leave the tag empty",
        "une dotation ne reprend rien ; faites-en un échange ou laissez l'étiquette vide",
    ),
    "not-held": (
        "{what} is not with this employee",
        "{what} n'est pas détenu par ce salarié",
    ),
    "other-product": (
        "the tag belongs to product {found}, the row says {told}",
        "l'étiquette appartient à l'article {found}, la ligne dit {told}",
    ),
    "tracked-by-serial": (
        "product {sku} has serial numbers; import its pieces as assets",
        "l'article {sku} a des numéros de série ; importez ses pièces par le fichier assets",
    ),
    "tracked-by-quantity": (
        "product {sku} is counted, not numbered; import it as stock",
        "l'article {sku} est compté, non numéroté ; importez-le par le fichier stock",
    ),
    "lines-disagree": (
        "differs from line {first} of the same order",
        "diffère de la ligne {first} de la même commande",
    ),
    "order-refused": (
        "another row of order {reference} was refused (line {line}); an order goes in whole or not at all",
        "une autre ligne de la commande {reference} est refusée (ligne {line}) ; une commande entre entière ou pas",
    ),
    "unknown-record": ("no {kind} {key} is known; import it first", "{kind} {key} est inconnu ; importez-le d'abord"),
    "already-exists": ("{kind} {key} exists already", "{kind} {key} existe déjà"),
    "conflict": (
        "the books say otherwise ({recorded} recorded, {told} told); nothing was moved",
        "les livres disent autre chose ({recorded} inscrit, {told} annoncé) ; rien n'a bougé",
    ),
    "other-facts": (
        "is already there with other facts ({fields}); nothing was changed",
        "existe déjà avec d'autres données ({fields}) ; rien n'a été changé",
    ),
    "invalid-fact": ("{problem}", "valeur refusée : {problem}"),
    "invalid-request": ("{problem}", "valeur refusée : {problem}"),
    "not-enough-stock": (
        "{wanted} wanted, {free} free",
        "{wanted} demandé, {free} libre",
    ),
    "refused": ("was refused: {problem}", "a été refusé : {problem}"),
    # Noticed, not refused.
    "unlocated": (
        "the address was not found ({reason}); employee {employee} cannot be planned until it is corrected or pinned",
        "l'adresse est introuvable ({reason}) ; le salarié {employee} attend une correction ou une épingle",
    ),
    "ambiguous": (
        "the address of employee {employee} fits {count} places and none was chosen: {candidates}",
        "l'adresse du salarié {employee} correspond à {count} lieux et aucun n'a été choisi : {candidates}",
    ),
    "located-roughly": (
        "the address of employee {employee} is known only to the {accuracy}; confirm it with a pin before planning",
        "l'adresse du salarié {employee} n'est connue qu'au niveau « {accuracy} » ; confirmez-la par une épingle",
    ),
    "placed-short": (
        "order {order} is placed without stock; it is tried again before each plan",
        "la commande {order} est enregistrée sans stock ; elle est réessayée avant chaque plan",
    ),
    "stray-quote": (
        "line {line}: a quote stands inside a cell; double it, and put the cell in quotes",
        "ligne {line} : un guillemet se trouve dans une cellule ; doublez-le et entourez la cellule de guillemets",
    ),
    # The file as a whole.
    "file-not-found": ("there is no file {file}", "il n'y a pas de fichier {file}"),
    "file-unreadable": ("the file {file} cannot be read ({reason})", "le fichier {file} ne peut être lu ({reason})"),
    "file-empty": ("the file is empty", "le fichier est vide"),
    "no-rows": ("the file has a header and no rows", "le fichier a un en-tête et aucune ligne"),
    "not-a-table": (
        "the file is not a CSV table; save the sheet as CSV, UTF-8",
        "le fichier n'est pas un tableau CSV ; enregistrez la feuille au format CSV, UTF-8",
    ),
    "not-csv": (
        "this is a file of another kind ({found}); open it and save the sheet as CSV, UTF-8",
        "c'est un fichier d'un autre genre ({found}) ; ouvrez-le et enregistrez la feuille au format CSV, UTF-8",
    ),
    "too-large": (
        "the file is larger than {limit} bytes; split it, or ask an administrator to raise the limit",
        "le fichier dépasse {limit} octets ; divisez-le, ou demandez à un administrateur de relever la limite",
    ),
    "encoding-unknown": (
        "the encoding is neither UTF-8 nor Windows-1252; save the file as UTF-8",
        "le codage n'est ni UTF-8 ni Windows-1252 ; enregistrez le fichier en UTF-8",
    ),
    "quote-not-closed": (
        "a quote opened on line {line} is never closed",
        "un guillemet ouvert à la ligne {line} n'est jamais refermé",
    ),
    "header-missing": (
        "these columns are missing: {columns}",
        "ces colonnes manquent : {columns}",
    ),
    "header-missing-wrong-separator": (
        "these columns are missing: {columns}; only one column was found, is the separator a comma or a semicolon?",
        "ces colonnes manquent : {columns} ; une seule colonne trouvée, le séparateur est-il bien , ou ; ?",
    ),
    "header-twice": (
        "the column {column} is there twice; remove one",
        "la colonne {column} est présente deux fois ; supprimez-en une",
    ),
    "too-many-columns": ("the header has more than {most} columns", "l'en-tête a plus de {most} colonnes"),
    "line-too-long": (
        "a line is longer than {longest} characters; this is no table",
        "une ligne dépasse {longest} caractères ; ce n'est pas un tableau",
    ),
    "cell-too-long": (
        "line {line} holds a cell longer than {longest} characters",
        "la ligne {line} a une cellule de plus de {longest} caractères",
    ),
    "unknown-kind": (
        "there is no import {kind}; known are: {known}",
        "il n'y a pas d'import {kind} ; on connaît : {known}",
    ),
    "import-cancelled": ("the import was stopped; nothing was written", "l'import a été arrêté ; rien n'a été écrit"),
}


def sentence(code: str, facts: Mapping[str, object], language: str = "en") -> str:
    """The sentence of a code in `en` or `fr`; a code without a sentence is said by its name and facts."""
    pair = SENTENCES.get(code)
    if pair is None:
        return ", ".join([code, *(f"{name} {value}" for name, value in facts.items())])
    return pair[1 if language == "fr" else 0].format_map(_Facts(facts))


class _Facts(dict[str, object]):
    """A fact a sentence asks for and nobody told is left as `?`: a sentence must never fail."""

    def __missing__(self, key: str) -> str:
        return "?"
