"""What moto's server lacks for a deploy by Chalice, added to moto: nothing of it is in the product.

`complete(host)` changes moto's classes for the whole process, so only the deploy test calls it.
"""

from __future__ import annotations

import copy
import json
import os

from moto.apigateway.models import APIGatewayBackend
from moto.awslambda.models import LambdaFunction
from moto.awslambda.utils import get_backend
from moto.cloudformation.models import CloudFormationBackend
from moto.sqs.models import Queue

from tests.deploy.lambda_host import LambdaHost


def complete(host: LambdaHost) -> None:
    """Let moto import Chalice's API, run functions on a host, and leave messages in their queues."""
    import_api, put_api, add_message = (
        APIGatewayBackend.import_rest_api,
        APIGatewayBackend.put_rest_api,
        Queue.add_message,
    )
    execute = CloudFormationBackend.execute_change_set

    def import_rest_api(self, api_doc, fail_on_warnings):
        # moto wants a description, which Swagger does not.
        document = api_doc | {"info": {"description": ""} | api_doc["info"]}
        return import_api(self, document, fail_on_warnings)

    def put_rest_api(self, function_id, api_doc, fail_on_warnings, mode="merge"):
        api = put_api(self, function_id, _as_moto_reads_it(api_doc), fail_on_warnings, mode)
        api.document = api_doc  # the front answers by it: what moto keeps of it loses the binary types
        return api

    def invoke(self, event=None):
        # moto runs functions in Docker.
        backend = get_backend(self.account_id, self.region)
        layers = [backend.layers_versions_by_arn(layer["Arn"]).code_bytes for layer in self.layers]
        payload, is_error, log = host.invoke(self, layers, event)
        self.logs_backend.ensure_log_group(self.logs_group_name)
        self.save_logs(log)
        if is_error and os.environ.get("SHOW_FUNCTION_ERRORS"):
            print(self.function_name, json.dumps(payload, indent=1), log[-3000:])
        return json.dumps(payload), is_error, log

    def add_message_only(self, message):
        # moto invokes a mapping's function inside of SendMessage, one record each, with no retry.
        mappings, self.lambda_event_source_mappings = self.lambda_event_source_mappings, {}
        try:
            add_message(self, message)
        finally:
            self.lambda_event_source_mappings = mappings

    def execute_change_set(self, change_set_name, stack_name=None):
        # moto gives outputs to a stack that a change set updates, and none to one that it makes.
        execute(self, change_set_name, stack_name)
        change_set = self.describe_change_set(change_set_name)
        stack = self.stacks[change_set.stack_id]
        stack.template_dict = change_set.template_dict
        stack.output_map = stack._create_output_map()

    CloudFormationBackend.execute_change_set = execute_change_set
    APIGatewayBackend.import_rest_api = import_rest_api
    APIGatewayBackend.put_rest_api = put_rest_api
    LambdaFunction._invoke_lambda = invoke
    Queue.add_message = add_message_only


def _as_moto_reads_it(document: dict) -> dict:
    """Take Swagger 2 for OpenAPI 3, and give mock integrations the members that moto insists on."""
    changed = copy.deepcopy({key: part for key, part in document.items() if key != "swagger"}) | {"openapi": "3.0.1"}
    for methods in changed["paths"].values():
        for method in methods.values():
            integration = method.get("x-amazon-apigateway-integration", {})
            if integration.get("type") == "mock":
                integration |= {"uri": "mock", "httpMethod": "POST"}
    return changed
