"""What the operator's commands print."""

from infra.ops.show import file_lines


def test_the_name_of_a_file_cannot_forge_a_line_of_the_inventory():
    name = "a\nused      b.png  the picture\x1b[2K\u202e.png"
    (line,) = file_lines([{"use": "NOT USED", "name": name, "says": "a picture without an item", "remedy": ""}])
    assert line.isprintable()
    assert r"a\nused" in line


def test_names_in_other_scripts_are_shown_as_they_are():
    (line,) = file_lines([{"use": "used", "name": "ଚିଲିକା-é.png", "says": "the picture", "remedy": ""}])
    assert "ଚିଲିକା-é.png" in line
