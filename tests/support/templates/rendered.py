"""The templates as CloudFormation sees them: parameters filled in, conditions decided, what is not there left out."""

import json
import os
import re
import subprocess
import sys
from functools import cache

import yaml
from chalice.package import TemplateDeepMerger

from tests.support.sources import ROOT

AWS = ROOT / "infra" / "aws"
NOTHING = object()
PSEUDO = {
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "111122223333",
    "AWS::Partition": "aws",
    "AWS::NoValue": NOTHING,
}
IMAGE = {"NatImage": "ami-00000000000000000"}


class Loader(yaml.SafeLoader):
    pass


def _intrinsic(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        value = value.split(".", 1) if suffix == "GetAtt" else value
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", _intrinsic)


def load(name):
    return yaml.load((AWS / name).read_text(encoding="utf-8"), Loader)


class Rendering:
    def __init__(self, template, values):
        self.template = template
        declared = template.get("Parameters", {})
        unknown = set(values) - set(declared) - {"AWS::StackName"}
        assert not unknown, f"no such parameter: {unknown}"
        defaults = {name: each["Default"] for name, each in declared.items() if "Default" in each}
        self.values = PSEUDO | defaults | IMAGE | values
        missing = [name for name in declared if name not in self.values]
        assert not missing, f"these parameters need values: {missing}"

    def holds(self, condition):
        return self.value(self.template["Conditions"][condition])

    def value(self, node):
        if isinstance(node, list):
            return [found for each in node if (found := self.value(each)) is not NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (name, given), *_ = node.items()
            decide = getattr(self, "_" + name.removeprefix("Fn::").lower(), None)
            if decide and (name.startswith("Fn::") or name in {"Ref", "Condition"}):
                return decide(given)
        return {key: found for key, each in node.items() if (found := self.value(each)) is not NOTHING}

    def _ref(self, name):
        return self.values.get(name, {"Ref": name})

    def _condition(self, name):
        return self.holds(name) if name in self.template.get("Conditions", {}) else {"Condition": name}

    def _if(self, given):
        condition, yes, no = given
        return self.value(yes if self.holds(condition) else no)

    def _equals(self, given):
        left, right = (str(self.value(each)) for each in given)
        return left == right

    def _not(self, given):
        return not self.value(given[0])

    def _and(self, given):
        return all(self.value(each) for each in given)

    def _or(self, given):
        return any(self.value(each) for each in given)

    def _findinmap(self, given):
        table, row, column = (self.value(each) for each in given)
        return self.template["Mappings"][table][row][column]

    def _split(self, given):
        separator, text = given[0], self.value(given[1])
        return text.split(separator) if isinstance(text, str) else {"Fn::Split": [separator, text]}

    def _select(self, given):
        index, choice = given[0], self.value(given[1])
        return choice[index] if isinstance(choice, list) else {"Fn::Select": [index, choice]}

    def _sub(self, given):
        text, own = given if isinstance(given, list) else (given, {})
        known = self.values | {name: self.value(each) for name, each in own.items()}
        text = re.sub(r"\$\{([^}]+)\}", lambda name: str(known.get(name[1], name[0])), text)
        return {"Fn::Sub": text} if "${" in text else text

    def whole(self):
        parts = {}
        for name, part in self.template.items():
            if name in {"Resources", "Outputs"}:
                kept = {key: each for key, each in part.items() if self.holds_for(each)}
                parts[name] = {
                    key: self.value({k: v for k, v in each.items() if k != "Condition"}) for key, each in kept.items()
                }
            else:
                parts[name] = part
        return parts

    def holds_for(self, each):
        return "Condition" not in each or self.holds(each["Condition"])


@cache
def _asked(stage):
    ours = ("BHUPRAHARI_", "AWS_", "ALLOWED_", "FCM_")
    environment = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    command = [sys.executable, "-B", "-m", "tests.support.templates.chalice_template", stage]
    environment["AWS_DEFAULT_REGION"] = PSEUDO["AWS::Region"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def chalices(stage):
    """Give the template that Chalice makes of a stage, in a process of its own, once."""
    done = _asked(stage)
    assert done.returncode == 0, done.stderr
    return done.stdout


def merged(stage):
    """Give the template of a stage's functions with app.json put over it, by Chalice's own merger."""
    over = json.loads((AWS / "app.json").read_text(encoding="utf-8"))
    return TemplateDeepMerger().merge(over, json.loads(chalices(stage)))


def rendered(stage="prod", *, origins="https://console.example", **options):
    """Render the three templates of a stage, as a deploy would give each what the one before put out."""
    names = {"MaxConcurrency": 10 if stage == "prod" else 4, "ArchiveBucket": f"bhuprahari-{stage}-archive"}
    below = Rendering(load("stage.yaml"), {"Stage": stage} | names | options).whole()
    given = {name: below["Outputs"][name]["Value"] for name in ("SubnetIds", "SecurityGroupId", "NeedsIpv6")}
    given["SubnetIds"] = "subnet-a,subnet-b"
    named = {"DomainName": options["DomainName"]} if "DomainName" in options else {}
    app = {"AWS::StackName": f"bhuprahari-{stage}", "AllowedOrigins": origins}
    watched = {name: below["Outputs"][name]["Value"] for name in ("AlarmTopicArn", "DatabaseConnectionsAlarm")}
    return {
        "stage": below,
        "app": Rendering(merged(stage), given | app | named).whole(),
        "watch": Rendering(load("watch.yaml"), {"Stage": stage} | watched).whole(),
    }
