"""The tool that compares releases reads the log lines out of the code."""

import json

from tests.same_as import log_lines
from tests.same_as.comparing import difference


def test_a_dropped_log_key_is_found(tmp_path):
    for room in ("chalicelib", "infra"):
        (tmp_path / room).mkdir()
    (tmp_path / "app.py").touch()
    code = 'ENDED = "session ended"\nlog.info("tile captured", extra={"share": 1, "at": 2})\nFact(ENDED, {"area": 1})\n'
    (tmp_path / "chalicelib" / "a.py").write_text(code)
    before = log_lines.of_the_code(tmp_path)
    assert before == ["code: fact 'session ended': area", "code: info 'tile captured': at share"]
    (tmp_path / "chalicelib" / "a.py").write_text(code.replace(', "at": 2', ""))
    assert difference("logs", before, log_lines.of_the_code(tmp_path)) == [
        "- code: info 'tile captured': at share",
        "+ code: info 'tile captured': share",
    ]
    line = {"level": "INFO", "message": "swept", "function": "sweep", "tile": 1}
    was, now = (log_lines.of_a_run(json.dumps(line | {"function": name})) for name in ("sweep", "reconcile"))
    assert difference("logs", was, now) == []
    assert difference("logs", was, log_lines.of_a_run(json.dumps(line | {"function": "capture"})))
    del line["tile"]
    assert difference("logs", was, log_lines.of_a_run(json.dumps(line)))
