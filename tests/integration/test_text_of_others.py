"""What people type is read by others: never more than letters, and never by people who did not ask for it."""

import pytest

from chalicelib.domain.plain_text import plain
from chalicelib.domain.pushes import Notice, Target
from tests.support.builders.domain import a_change
from tests.support.trip import Trip

OPERATOR = Target.parse("topic:bhuprahari")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Lake\nshore\r\n", "Lake shore"),
        ("\u202eLake\u2066 shore\u2069", "Lake shore"),
        ("a\x00b\x1b[31m\x7f\x85c", "ab[31m c"),
        ("\u200flake\u061c\ufeff\u2028shore", "lake shore"),
        ("क्\u200dष नदी", "क्\u200dष نदी".replace("ن", "न")),
        ("👩\u200d🌾 field", "👩\u200d🌾 field"),
        ("مزرعة البحيرة", "مزرعة البحيرة"),
        ("Lake" + "".join(chr(0xE0000 + ord(letter)) for letter in "call 0900") + " shore", "Lake shore"),
        ("Lake" + "".join(chr(0xE0100 + each) for each in range(240)) + "\ufe00\u034f\u2064", "Lake"),
        ("Lake" + "\u200b\u200c\u200d" * 40 + "shore", "Lake\u200cshore"),
        ("\u3164\uffa0\u115f\u1160 \u2800\u17b4", ""),
        ("\ufe0f \u200d\ufe0e \u200c \U0001d159", ""),  # they belong to nothing here, and are drawn as nothing
        ("Lake\ufe0f\ufe0e\ufe0f\u200d\ufe0f \u200dshore", "Lake\ufe0f\u200d shore"),
        ("L" + "\u0301\u0489" * 60 + "ake", "L" + "\u0301\u0489" * 4 + "ake"),
        ("ས྅ྒྷྞྡྷྤླྀ ཀྵ བཀྲ་ཤིས་", "ས྅ྒྷྞྡྷྤླྀ ཀྵ བཀྲ་ཤིས་"),
        ("❤\ufe0f field", "❤\ufe0f field"),
        ("👁\ufe0f\u200d🗨\ufe0f", "👁\ufe0f\u200d🗨\ufe0f"),
    ],
)
def test_names_have_no_control_and_no_direction_characters(typed, kept):
    assert plain(typed) == kept
    assert plain(kept) == kept


def test_a_name_that_was_kept_before_is_plain_in_a_push():
    assert Notice(area_id=1, area_name="a\u202eb\n", session_id=2, changes=1).title == "Change detected: ab"
    for name in ("\u3164", "\ufe0f", "\u2800\u200d"):
        assert Notice(area_id=7, area_name=name, session_id=2, changes=1).title == "Change detected: area 7"


@pytest.mark.parametrize("is_told", [True, False])
def test_the_operators_topic_gets_the_text_of_areas_that_opted_in(engine, is_told):
    trip = Trip(engine, targets=[OPERATOR])
    device = {"token": "phone-1", "platform": "android", "now": trip.now}
    trip.accounts.add_device(trip.user.user_id, **device)
    area = trip.add_area(tiles=1, is_told_to_operator=is_told)
    trip.run_session(area, "before", days=0)
    trip.run_session(area, "after", days=1, change=a_change(m2=900))
    assert {push.kind.value for push in trip.pushes()} == ({"topic", "token"} if is_told else {"token"})
