"""The app behind API Gateway, whose events differ from those of the local gateway."""

import base64
import json
from types import SimpleNamespace

import pytest

from tests.support.api_server import SMALL_AREA

CONTEXT = SimpleNamespace(aws_request_id="from-lambda")


def event(method, path, *, resource=None, body=None, **members):
    """Give an event as API Gateway sends it: what is not there is null."""
    return {
        "resource": resource or path,
        "path": path,
        "httpMethod": method,
        "headers": None,
        "multiValueHeaders": None,
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": resource or path,
            "httpMethod": method,
            "path": f"/v1{path}",
            "requestId": "from-the-gateway",
            "identity": {"sourceIp": "192.0.2.7"},
        },
        "body": body,
        "isBase64Encoded": False,
    } | members


@pytest.fixture
def answered(server):
    return lambda *args, **members: server.app(event(*args, **members), CONTEXT)


def test_an_event_full_of_nulls_is_answered(answered):
    answer = answered("GET", "/")
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"message": "Bhuprahari is running"})
    assert answer["headers"]["X-Request-Id"] == "from-the-gateway"
    for method, path in (("GET", "/api/area-configs"), ("POST", "/api/auth/login"), ("OPTIONS", "/api/auth/login")):
        assert answered(method, path)["statusCode"] in (204, 400, 401)


def test_an_error_names_the_gateways_request(answered):
    body = json.loads(answered("GET", "/api/auth/me")["body"])
    assert (body["status"], body["instance"]) == (401, "from-the-gateway")


def test_a_body_may_come_as_base64(answered, asha):
    sent = base64.b64encode(json.dumps(SMALL_AREA).encode()).decode()
    headers = {"Authorization": f"Bearer {asha.token}", "Content-Type": "application/json"}
    answer = answered("POST", "/api/area-configs", body=sent, isBase64Encoded=True, headers=headers)
    assert answer["statusCode"] == 201
    answer = answered("POST", "/api/area-configs", body="x", isBase64Encoded=True, headers=headers)
    assert answer["statusCode"] == 400


def test_a_picture_travels_as_base64(server, answered, asha):
    asha.trip()
    key, content = next(iter(server.images.contents.items()))
    first, name = key.split("/")
    query = dict(part.split("=") for part in server.links.sign(key, now=server.now).split("?")[1].split("&"))
    answer = answered(
        "GET",
        f"/static_images/{key}",
        resource="/static_images/{area_id}/{name}",
        pathParameters={"area_id": first, "name": name},
        multiValueQueryStringParameters={each: [value] for each, value in query.items()},
    )
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, True)
    assert base64.b64decode(answer["body"]) == content


def test_a_redirect_stays_under_the_stage(answered):
    """`/v1/console` leads to `/v1/console/index.html`: a redirect from the root would leave the stage."""
    assert answered("GET", "/console")["headers"]["Location"] == "console/index.html"
    assert answered("GET", "/", headers={"Accept": "text/html"})["headers"]["Location"] == "console/index.html"


def test_chalice_describes_the_routes_to_api_gateway(server):
    from chalice.deploy.models import RestAPI
    from chalice.deploy.swagger import CFNSwaggerGenerator

    from app import app

    rest_api = RestAPI(
        resource_name="rest_api",
        swagger_doc={},
        minimum_compression="",
        api_gateway_stage="v1",
        endpoint_type="REGIONAL",
        lambda_function=None,
    )
    paths = CFNSwaggerGenerator().generate_swagger(app, rest_api)["paths"]
    assert set(paths) == set(app.routes)
    assert all(
        operations["options"]["x-amazon-apigateway-integration"]["type"] == "aws_proxy" for operations in paths.values()
    )
