"""The description of the API says what the API does."""

import json

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from chalicelib.api.openapi import APIS, document, statuses
from chalicelib.api.problems import STATUS, status_of
from chalicelib.domain import errors
from chalicelib.domain.errors import DomainError

DOCUMENTED_BY_THE_FIRST_BACKEND = [
    ("post", "/api/auth/register", 201),
    ("post", "/api/auth/login", 200),
    ("post", "/api/area-configs", 201),
    ("get", "/api/area-configs", 200),
    ("get", "/api/area-configs/{area_id}", 200),
    ("post", "/api/monitor/capture/{area_id}", 200),
    ("post", "/api/monitor/compare/{area_id}", 200),
    ("get", "/api/monitor/image-tiles/area/{area_id}", 200),
    ("get", "/api/alerts/sessions", 200),
    ("get", "/api/alerts/sessions/{session_id}/details", 200),
]


def test_it_is_openapi_and_the_same_from_the_server(server):
    before = json.loads(json.dumps(document()))
    for slash in ("", "/"):
        served = server.call("GET", f"/api/openapi.json{slash}").json
        assert served == before
        OpenAPIV31SpecValidator(served).validate()


@pytest.mark.parametrize(("method", "path", "status"), DOCUMENTED_BY_THE_FIRST_BACKEND)
def test_the_contracts_calls_are_in_it(method, path, status):
    successes = [code for code in document()["paths"][path][method]["responses"] if code < "300"]
    assert successes == [str(status)]


@pytest.mark.usefixtures("server")
def test_it_has_every_route_of_the_app_and_no_other():
    from app import app

    served = {
        (path, method.lower()) for path, methods in app.routes.items() for method in methods if method != "OPTIONS"
    }
    described = {(path, method) for path, methods in document()["paths"].items() for method in methods}
    assert served == described
    assert all("OPTIONS" in methods for methods in app.routes.values())


@pytest.mark.usefixtures("server")
def test_chalice_can_deploy_its_routes():
    from chalice.deploy.validate import validate_routes

    from app import app

    validate_routes(app.routes)
    # API Gateway refuses two parameter names at one place of a path.
    names = {}
    for path in app.routes:
        parts = path.split("/")
        for place, part in enumerate(parts):
            if part.startswith("{"):
                assert names.setdefault(tuple(parts[:place]), part) == part


def test_each_operation_says_what_it_is_and_who_may():
    for path, operations in document()["paths"].items():
        for operation in operations.values():
            assert operation["summary"].endswith("."), path
            is_open = operation["security"] == []
            assert is_open == ("401" not in operation["responses"]) or path.startswith("/api/auth/"), path
    ids = [operation["operationId"] for operations in document()["paths"].values() for operation in operations.values()]
    assert len(ids) == len(set(ids))


def test_requests_say_which_members_must_come_and_answers_which_will():
    schemas = document()["components"]["schemas"]
    assert schemas["NewAreaBody"]["required"] == ["name"], "the land is a box or a geometry"
    assert "alert_details" in schemas["SessionDetails"]["required"]
    assert {"message", "errors", "instance"} <= set(schemas["Problem"]["required"])


def test_the_page_needs_nothing_from_elsewhere(server):
    page = server.call("GET", "/api/docs")
    text = page.content.decode()
    assert page.status == 200
    assert all(route.path in text for api in APIS for route in api.routes)
    assert "://" not in text
    assert "<script" not in text
    assert "<style" not in text  # the policy would drop it


def all_below(kind):
    return {kind, *(deeper for child in kind.__subclasses__() for deeper in all_below(child))}


def test_every_failure_of_the_domain_has_a_status():
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, DomainError)}
    assert kinds == {kind for kind in all_below(DomainError) if kind.__module__ == errors.__name__}
    for kind in kinds:
        status = status_of(kind("why"))
        assert 400 <= status < 600
        assert (status == 500) == (kind is DomainError), kind
    assert set(STATUS) <= kinds


def test_a_failure_takes_the_status_of_its_nearest_ancestor():
    class TooManyAreas(errors.Conflict):
        """One too many."""

    assert status_of(TooManyAreas("why")) == 409
    assert status_of(errors.BadImage("why")) == status_of(errors.ImageryFailed("why")) == 502
    assert status_of(errors.LicenceRefused("why")) == 403


def test_no_route_answers_a_status_twice():
    for api in APIS:
        for route in api.routes:
            assert route.status not in route.extra_statuses
            assert len(set(statuses(route))) == len(statuses(route))
