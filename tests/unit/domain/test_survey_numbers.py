"""Pasted lists of survey numbers: read, spelled alike, and matched row by row."""

import pytest

from chalicelib.domain.errors import Invalid
from chalicelib.domain.survey_columns import Part, spelled
from chalicelib.domain.survey_lists import MOST_LINES, header_of, read_lines
from chalicelib.domain.survey_numbers import Match, ParcelText, match

COLUMNS = {Part.MOUZA: "MOUZA", Part.TAHASIL: "Tahasil"}
ULPIN = "21ABC4567890XY"


def parcel(number, name, mouza="Chandaka", tahasil="Bhubaneswar", **tags):
    return ParcelText(number, name, {"MOUZA": mouza, "Tahasil": tahasil, **tags})


PARCELS = [
    parcel(1, "820/1"),
    parcel(2, "820/2"),
    parcel(3, "820/1", mouza="Andharua"),
    parcel(4, "007"),
    parcel(5, "୯୧୨"),
    parcel(6, "55", ULPIN=ULPIN),
]


def answers(text, columns=COLUMNS):
    answer = match(read_lines(text), PARCELS, columns)
    return [(str(each.match), [one.parcel_id for one in each.parcels]) for each in answer.lines]


def test_each_line_is_found_ambiguous_or_not_found_and_says_which():
    assert answers("Chandaka, 820/1\nAndharua, 820/1\nRaghunathpur, 820/1") == [
        ("found", [1]),
        ("found", [3]),
        ("not found", [1, 3]),
    ]
    assert answers("820/1\n820/2\n820/7\n9999") == [
        ("ambiguous", [1, 3]),
        ("found", [2]),
        ("not found", [1, 2, 3]),
        ("not found", []),
    ]


@pytest.mark.parametrize("text", ["୮୨୦/୧", "८२० / १", " \uff18\uff12\uff10\uff0f\uff11 ", "820 /1"])
def test_a_number_is_the_same_in_any_digits_and_with_any_blanks(text):
    assert answers(f"CHANDAKA ,{text}") == [("found", [1])]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("820\N{EN DASH}1", "820-1"),
        ("820-1", "820\N{NON-BREAKING HYPHEN}1"),
        ("820 \N{MINUS SIGN} 1", "820-1"),
        ("820\N{DIVISION SLASH}1", "820/1"),
        ("820\N{FRACTION SLASH}1", "820/1"),
        ("'820/1", "820/1"),
        ("\N{RIGHT SINGLE QUOTATION MARK}820/1", "'820/1"),
        ("Plot No. 820/1", "820/1"),
        ("820/1", "PLOT NO 820/1"),
        ("Survey Number: 820/1", "Khasra 820/1"),
    ],
)
def test_a_number_is_the_same_with_any_dash_slash_or_word_before_it(written, name):
    others = [parcel(at, other) for at, other in enumerate(("820", "8201", "820-1/1", "820/1-1"), 2)]
    assert told(f"Chandaka,{written}", [parcel(1, name), *others])[:2] == ("found", [1])
    assert len({spelled(number) for number in ("820/1", "820-1", "8201")}) == 3


def test_each_line_of_a_list_without_a_header_is_parted_by_what_it_has():
    text = '820/2\nChandaka, 820/1\nAndharua;820/1\n\nBhubaneswar\tChandaka\t820/1\nChandaka,820/1\n"Chandaka\n",820/1'
    assert answers(text) == [("found", [2]), ("found", [1]), ("found", [3]), *[("found", [1])] * 3]
    assert [line.number for line in read_lines(text)] == [1, 2, 3, 5, 6, 7]


@pytest.mark.parametrize("header", ["Mouja", "Mauza", "Village", "MOUZA NAME"])
def test_a_mouza_is_known_by_its_names(header):
    assert answers(f"{header},Plot\nAndharua,820/1") == [("found", [3])]


@pytest.mark.parametrize("header", ["Tehsil", "Taluk", "Tahsil"])
def test_a_tahasil_is_known_by_its_names(header):
    assert answers(f"{header},Plot\nCuttack,820/2") == [("not found", [2])]


def test_a_plot_number_is_a_text():
    assert answers("7\n007\n912") == [("not found", [4]), ("found", [4]), ("found", [5])]
    assert spelled("820/1") != spelled("820")


@pytest.mark.parametrize(
    "text",
    [
        "Plot No;Mouza;Tehsil\n820/1;Chandaka;Bhubaneswar",
        "tahasil village plot\nBhubaneswar CHANDAKA 820/1".replace(" ", "\t"),
        'Khordha,Bhubaneswar,"Chandaka",820/1',
    ],
)
def test_a_list_is_lines_or_a_table_with_a_first_line(text):
    assert answers(text) == [("found", [1])]


def test_an_ulpin_is_found_in_its_column():
    assert answers(ULPIN.lower(), COLUMNS | {Part.ULPIN: "ULPIN"}) == [("found", [6])]
    assert answers(ULPIN[:-1] + "Z", COLUMNS | {Part.ULPIN: "ULPIN"}) == [("not found", [])]


def told(text, parcels=PARCELS, columns=COLUMNS | {Part.ULPIN: "ULPIN"}):
    (line,) = match(read_lines(text), parcels, columns).lines
    return str(line.match), [one.parcel_id for one in line.parcels], line.note


def test_what_is_said_beside_an_ulpin_has_to_be_of_its_parcel():
    assert told(f"Mouza,Plot,ULPIN\nchandaka,Plot 55,{ULPIN}") == ("found", [6], None)
    assert told(f"Mouza,Plot,ULPIN\nchandaka,820/1,{ULPIN}") == (
        "ambiguous",
        [6, 1],
        "the parcel with this ULPIN has plot '55', not '820/1'",
    )
    assert told(f"Tahasil,Mouza,Plot,ULPIN\nCuttack,Andharua,55,{ULPIN}") == (
        "ambiguous",
        [6],
        "the parcel with this ULPIN has tahasil 'bhubaneswar', not 'cuttack'; mouza 'chandaka', not 'andharua'",
    )
    elsewhere = told(f"Plot,ULPIN\n820/2,{ULPIN[:-1]}Z")
    assert elsewhere[:2] == ("not found", [2])
    assert "no parcel has this ULPIN" in elsewhere[2]


def test_an_ulpin_may_stand_before_what_else_is_said():
    assert told(f"{ULPIN}, 55") == ("found", [6], None)
    assert told(f"{ULPIN}\tchandaka\t55") == ("found", [6], None)
    assert told(f"{ULPIN};chandaka;820/1")[:2] == ("ambiguous", [6, 1])
    assert [dict(line.said) for line in read_lines("Chandakapur12a, 55")] == [
        {Part.MOUZA: "Chandakapur12a", Part.PLOT: "55"}
    ]


def test_what_a_parcel_does_not_say_disagrees_with_nothing():
    parcels = [parcel(7, "61", mouza="", ULPIN=ULPIN)]
    assert told(f"Mouza,Plot,ULPIN\nchandaka,61,{ULPIN}", parcels) == ("found", [7], None)
    assert told(f"Mouza,Plot,ULPIN\nchandaka,61,{ULPIN}", [parcel(8, ULPIN)]) == ("found", [8], None)


@pytest.mark.parametrize("text", ["2145 6789 0123 45", "21-456-789-0123-45", "ULPIN\n21-4567-8901-2345"])
def test_an_ulpin_in_groups_is_one(text):
    parcels = [parcel(1, "5", ULPIN="21456789012345"), parcel(2, "21456789012345"[:-1] + "6")]
    assert told(text, parcels)[:2] == ("found", [1])
    assert told(text, [parcel(1, "5", ULPIN="21-4567 8901-2345")])[:2] == ("found", [1])


def test_a_mouza_and_a_plot_are_no_ulpin_for_having_fourteen_letters():
    assert told("Khandagiri 820-1", [parcel(1, "Khandagiri 820-1")])[:2] == ("found", [1])
    assert [dict(line.said) for line in read_lines("Chandaka,21-4567-8901-2345")] == [
        {Part.MOUZA: "Chandaka", Part.PLOT: "21-4567-8901-2345"}
    ]


def test_of_a_layer_without_ulpins_nobody_says_that_one_is_not_there():
    answer = match(read_lines(ULPIN), PARCELS, COLUMNS)
    assert [(each.match, each.parcels) for each in answer.lines] == [(Match.NOT_COMPARED, ())]
    assert answer.not_compared == (Part.ULPIN,)
    beside = match(read_lines(f"Plot,ULPIN\n820/2,{ULPIN}\n820/9,{ULPIN}"), PARCELS, COLUMNS)
    assert [each.match for each in beside.lines] == [Match.FOUND, Match.NOT_FOUND], "by what it says besides"
    assert beside.not_compared == (Part.ULPIN,)
    named = [*PARCELS, ParcelText(7, ULPIN.lower(), {})]
    assert match(read_lines(ULPIN), named, {}).lines[0].match is Match.FOUND
    assert match(read_lines(ULPIN[:-1] + "Z"), named, {}).lines[0].match is Match.NOT_FOUND


def test_what_no_column_of_the_layer_holds_is_told():
    answer = match(read_lines("Khordha,Bhubaneswar,Chandaka,820/2"), PARCELS, {Part.MOUZA: "MOUZA"})
    assert answer.not_compared == (Part.DISTRICT, Part.TAHASIL)
    assert answer.lines[0].match is Match.FOUND


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (" \n\n", "no line"),
        ("Mouza,Plot\n", "1 to 2000"),
        ("a,b,c,d,e,f", "say in a first line"),
        ("\n".join(["1"] * (MOST_LINES + 1)), "1 to 2000"),
        ('"820/1', "cannot be read as CSV"),
        ("1\n" + "8" * 501, "line 2 has more than the 500 letters"),
    ],
)
def test_what_is_no_list_is_refused_with_a_reason(text, says):
    with pytest.raises(Invalid, match=says):
        read_lines(text)


def test_a_column_that_is_not_known_is_named_and_changes_no_plot():
    for text in ("Plot,Name,Khata\n820/1,Asha,B", "Name,Plot,Khata\nAsha,820/1,B"):
        assert [dict(line.said) for line in read_lines(text)] == [{Part.PLOT: "820/1"}]
        assert header_of(text).unread == ("Name", "Khata")
    assert header_of("Plot,Plot\n1,2").unread == ("Plot",)
    assert [dict(line.said) for line in read_lines("Name\n820/1")] == [{Part.PLOT: "820/1"}]
    assert header_of("Chandaka,820/1").unread == ()
