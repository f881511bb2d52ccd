"""A seeded walk through the whole API: cases that follow its links, and wrong ones; each answer is checked."""

import json
import random
import re
from collections import Counter
from urllib.parse import parse_qsl, quote

from chalice.local import RouteMatcher
from jsonschema import Draft202012Validator

from infra.runtime.gateway import Gateway
from tests.support.api_cases import mutations
from tests.support.api_cases.cases import Case, Person
from tests.support.api_cases.description import Description, at_pointer
from tests.support.api_cases.values import IDS, nearly, right, written
from tests.support.api_gateway import Answer
from tests.support.builders.parcels import add_layer, adjoining

# Of a hundred cases. A followed one is right: its ids come out of answers, by the links of the description.
KINDS = {
    "followed": 46,
    "foreign": 4,
    "ids": 4,
    "body": 16,
    "bytes": 10,
    "path": 7,
    "query": 6,
    "headers": 4,
    "token": 3,
}
WORK_EVERY = 12  # cases: captures and comparisons are done then
LAYER_EVERY = 150  # cases: somebody has a layer of parcels then, as from a file
HELD = {"areaConfigId": "area_id", "sessionId": "session_id", "placeId": "place_id"}
SIGNED = {  # a link in an answer's text, and who answers with one
    "get_image": (re.compile(r'"captured_images/(\d+)/([^"?]+)\?([^"]+)"'), "list_tiles"),
    "load_export": (re.compile(r'"/api/exports/(\d+)/([^"?]+)\?([^"]+)"'), "get_export"),
}

# So far away that they do not stand between a case and its view: tests of admission are elsewhere.
OPEN_WIDE = dict.fromkeys(
    ("user_units_per_minute", "user_units_at_once", "address_units_per_minute", "sign_ins_per_minute"), 10**9
)
OPEN_WIDE |= {"registrations_per_hour": 10**9}
OPEN_WIDE |= {"wrong_passwords": 10**6, "wrong_passwords_of_strangers": 10**6, "estimates_per_day": 100}


class Walk:
    """Cases one after another, in a world of its own (`server`: tests.support.api_server.Server)."""

    def __init__(self, server, seed):
        self.server, self.random = server, random.Random(seed)
        self.gateway, self.matcher = Gateway(server.app), RouteMatcher(list(server.app.routes))
        self.description = Description()
        self.operations = list(self.description.operations.values())
        self.people = [Person("asha@example.org"), Person("badri@example.org")]
        self.statuses, self.kinds, self.links = Counter(), Counter(), Counter()
        self.faults = {}  # what, and where: how often, and the first case
        self.cases, self.next = 0, None
        for person in self.people:
            self._ask_as(person, "register", {"email": person.email, "password": person.password})
            self._sign_in(person)

    def run(self, cases):
        """Do so many cases more."""
        kinds, weights = list(KINDS), list(KINDS.values())
        for _ in range(cases):
            self.server.later(seconds=self.random.uniform(0, 20))
            person = self.random.choice(self.people)
            self._do(self._case(self.random.choices(kinds, weights)[0], person))
            if self.cases % LAYER_EVERY == 0:
                self._give_layer(person)
            if self.cases % WORK_EVERY == 0:
                self.server.work(changed_m2=self.random.choice([3.0, 900.0, 5000.0]))
                self.server.notify()

    def _case(self, kind, person):
        r = self.random
        fit = {"body": lambda each: each.body, "foreign": lambda each: each.takes, "ids": lambda each: each.takes}
        operation = r.choice([each for each in self.operations if fit.get(kind, bool)(each)])
        if kind == "followed" and self.next and r.random() < 0.5:  # on from the last answer, as its links say
            person, operation = self.next
        elif kind == "followed" and operation.method == "DELETE" and r.random() < 0.5:
            operation = r.choice(self.operations)  # else nothing would grow old
        others = next(each for each in self.people if each is not person)
        if kind == "foreign" and not all(others.known[name] for name in operation.takes):
            kind = "followed"
        operation, path, query = self._path(operation, others if kind == "foreign" else person)
        headers = {} if operation.is_public else {"authorization": f"Bearer {person.token}"}
        body = None
        if operation.body:
            headers["content-type"] = "application/json"
            body = written(self._body(operation, person, is_right=kind != "body"))
        return self._changed(Case(kind, operation, operation.method, path, headers, body, person), query)

    def _changed(self, case, query):
        """Make a case wrong as its kind says."""
        r, kind, operation, path = self.random, case.kind, case.operation, case.path
        method, headers, body = case.method, case.headers, case.body
        if kind == "ids":
            path = quote(operation.path, safe="/{}").format(**{name: r.choice(IDS) for name in operation.takes})
        elif kind == "bytes" and body is not None:
            body = mutations.changed_bytes(body, r)
        elif kind == "bytes":
            headers["content-type"], body = "application/json", mutations.changed_bytes(b'{"a": 1}', r)
        elif kind == "path":
            path = mutations.changed_path(path, r)
            method = r.choice(mutations.METHODS) if r.random() < 0.3 else method
        elif kind == "query":
            query = mutations.changed_query(list(operation.queried()), r)
        elif kind == "headers":
            headers = mutations.changed_headers(headers, r)
        elif kind == "token":
            headers["authorization"] = mutations.changed_token(case.person.token, r)
        return Case(kind, operation, method, f"{path}?{query}" if query else path, headers, body, case.person)

    def _path(self, operation, giver):
        """Fill an operation's path with what answers told somebody; where nothing did yet, give one that tells."""
        r, filled, query = self.random, {}, ""
        if operation.name in SIGNED:
            if not giver.known[operation.name]:
                return self._path(self.description.operations[SIGNED[operation.name][1]], giver)
            filled["area_id"], filled["name"], query = r.choice(giver.known[operation.name])
        elif operation.name == "console_file":
            filled["name"] = r.choice(["index.html", "app.js", "style.css", "no.html", "areas.js"])
        else:
            for name in operation.takes:
                if not giver.known[name]:
                    return self._path(r.choice([each for each in self.operations if name in dict(each.gives)]), giver)
                known = giver.known[name]
                filled[name], source = known[-1] if r.random() < 0.5 else r.choice(known)
                self.links[source, operation.name] += 1
        if operation.queried() and not query and r.random() < 0.3:
            query = self._query(operation, giver)
        return operation, operation.path.format(**filled), query

    def _query(self, operation, person):
        values = {"cursor": [value for value, _ in person.known["cursor"]], "area": person.known["area_id"]}
        values["area"] = [str(value) for value, _ in values["area"]]
        values |= {"total": ["true", "false"], "open": ["true", "false"], "limit": ["1", "2", "50", "100"]}
        values["since"] = [quote(self.server.now.isoformat())]
        names = [name for name in operation.queried() if values.get(name)]
        chosen = self.random.sample(names, self.random.randint(0, min(2, len(names))))
        return "&".join(f"{name}={self.random.choice(values[name])}" for name in chosen)

    def _body(self, operation, person, *, is_right):
        given = person.known[f"body of {operation.name}"]
        if operation.name == "change_password":
            body = {"oldPassword": person.password, "newPassword": f"secret-{self.random.randrange(10**6)}"}
        elif operation.name == "place_hold" and (wanted := [name for name in HELD if person.known[HELD[name]]]):
            name = self.random.choice(wanted)
            body = {name: self.random.choice(person.known[HELD[name]])[0], "reason": "case 12"}
        elif operation.name == "change_area" and self.random.random() < 0.5:
            body = {"name": f"Lake {self.random.randrange(10**6)}"}
        elif given and self.random.random() < 0.8:
            body, source = given.pop()
            self.links[source, operation.name] += 1
        else:
            body = right(operation.body, self.random)
        return body if is_right else nearly(body, self.random)

    def _give_layer(self, person):
        layer_id = add_layer(self.server.engine, 1 + self.people.index(person), adjoining(4, 3))
        person.known["layer_id"].append((layer_id, "list_layers"))

    def _ask_as(self, person, name, body=None):
        operation = self.description.operations[name]
        raw = None if body is None else written(body)
        return self._do(
            Case(
                "followed",
                operation,
                operation.method,
                operation.path,
                {"content-type": "application/json"},
                raw,
                person,
            )
        )

    def _sign_in(self, person):
        told = self._ask_as(person, "login", {"email": person.email, "password": person.password})
        person.token = told.json["access_token"]

    def _do(self, case):
        self.cases += 1
        answer = self.gateway.answer(case.method, case.path, case.headers, case.body)
        headers = {name.lower(): value for name, value in answer.headers}
        told = Answer(answer.status, headers, answer.content)
        operation = self._reached(case)
        name = "(no route)" if operation is None else f"{operation.method} {operation.path}"
        self.statuses[name, told.status] += 1
        self.kinds[case.kind, told.status // 100] += 1
        for fault in [*self._faults(case, operation, told)]:
            about = (name, fault)
            count, first = self.faults.get(about, (0, f"case {self.cases}: {case}\n      -> {told.content[:300]!r}"))
            self.faults[about] = (count + 1, first)
        self.next = None
        if told.status < 300 and operation is case.operation:
            self._learn(case, operation, told)
            if operation.links() and case.kind == "followed":
                self.next = case.person, self.description.operations[self.random.choice(sorted(operation.links()))]
        elif told.status == 404 and case.kind == "followed":
            case.person.forget(case.path, operation)
        elif told.status == 401 and case.kind not in ("token", "headers") and not case.operation.is_public:
            self._sign_in(case.person)
        return told

    def _reached(self, case):
        if case.kind not in ("path", "ids"):
            return case.operation
        if case.path.startswith("//"):
            return None  # to the matcher it is "/", to a proxy a machine's name: it is refused
        try:
            pattern = self.matcher.match_route(case.path).route
        except ValueError:
            return None
        method = "GET" if case.method == "HEAD" else case.method
        found = [each for each in self.operations if (each.path, each.method) == (pattern, method)]
        return found[0] if found else None

    def _faults(self, case, operation, told):
        if case.method == "OPTIONS" and told.status == 204:
            return
        if case.method != "HEAD":
            yield from self.description.faults(operation, told)
        if told.status >= 300 or operation is None:
            return
        if case.kind == "foreign" and not operation.is_public and operation.takes:
            yield "another's thing"
        is_left_out = operation.is_body_optional and not (case.body or b"").strip()
        if operation.body and not is_left_out and not self._fits(operation, case.body):
            yield "took a body that does not fit its schema"
        query = case.path.partition("#")[0].partition("?")[2]  # behind it is what no server reads
        for name, text in parse_qsl(query, keep_blank_values=True):
            schema = operation.queried().get(name)
            if schema and not Draft202012Validator(schema).is_valid(_as_said(schema, text)):
                yield f"took {name}={text[:40]!r}, which does not fit its schema"

    def _fits(self, operation, raw):
        try:
            body = json.loads((raw or b"").decode("utf-8-sig"))
        except ValueError:
            return False
        return self.description.takes_body(operation, body)

    def _learn(self, case, operation, told):
        known = case.person.known
        if operation.method == "DELETE":
            case.person.forget(case.path, operation)
        if told.headers.get("content-type") != "application/json" or not told.content:
            return
        body = told.json
        for name, pointer in operation.gives:
            for value in at_pointer(body, pointer):
                if value is not None and (value, operation.name) not in known[name]:
                    known[name].append((value, operation.name))
        for taker, link in operation.links().items():
            if "requestBody" in link:
                sent = json.loads((case.body or b"{}").decode("utf-8-sig"))
                made = {name: _resolved(text, sent, body) for name, text in link["requestBody"].items()}
                known[f"body of {taker}"].append((made, operation.name))
        self._learn_links(known, told.content.decode())
        if cursor := re.search(r"cursor=([\w-]+)", told.headers.get("link", "")):
            known["cursor"].append((cursor[1], operation.name))
        if operation.name == "change_password":
            case.person.password = json.loads(case.body.decode("utf-8-sig"))["newPassword"]
            case.person.token = body["access_token"]

    @staticmethod
    def _learn_links(known, text):
        for name, (link, _) in SIGNED.items():
            known[name].extend(match.groups() for match in link.finditer(text))


def _resolved(expression, sent, answered):
    """Give what a link's runtime expression stands for."""
    source, _, pointer = expression.partition("#")
    return next(at_pointer(sent if source == "$request.body" else answered, pointer), None)


def _as_said(schema, text):
    """Read a query's text as its schema's type."""
    if schema["type"] == "integer":
        return int(text) if re.fullmatch(r"-?[0-9]{1,400}", text) else text
    return {"true": True, "false": False}.get(text, text) if schema["type"] == "boolean" else text
