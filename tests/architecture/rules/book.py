"""A rule says what is wrong with a stage's templates; with it stand mutations that it, and no other, must notice."""

import copy
import json
from dataclasses import dataclass, field

RULES = {}
GONE = object()


@dataclass
class Rule:
    complaints: object  # of the rendered templates {"stage":, "app":, "watch":}: a list of sentences
    twins: tuple
    options: dict = field(default_factory=dict)  # what the twins are rendered with


def rule(*twins, **options):
    def keep(function):
        assert function.__name__ not in RULES
        RULES[function.__name__] = Rule(function, twins, options)
        return function

    return keep


def put(path, value):
    """Make a mutation: write a value at a path such as stage/Resources/Database/Properties/MultiAZ, or take it away."""
    *way, last = [int(part) if part.isdigit() else part.replace("~", "/") for part in path.split("/")]

    def mutate(templates):
        place = templates
        for part in way:
            place = place[part]
        if value is GONE:
            del place[last]
        else:
            place[last] = copy.deepcopy(value)

    mutate.__name__ = f"{path}={'gone' if value is GONE else json.dumps(value)[:40]}"
    return mutate


def gone(path):
    return put(path, GONE)


def of_type(template, kind):
    """Give the properties of all resources of a type, by their logical names."""
    found = template["Resources"].items()
    return {name: each.get("Properties", {}) for name, each in found if each["Type"] == kind}


def functions(templates):
    return of_type(templates["app"], "AWS::Serverless::Function")


def parameter(templates, part, name, values):
    return values.get(name, templates[part]["Parameters"][name]["Default"])
